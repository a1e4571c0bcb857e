/*
 * Goal: one handler takes the events of every HTTP front of Lambda. Method: events as AWS documents
 * them, cut down to the fields that say something.
 */
import assert from "node:assert/strict";
import * as wire from "../../test/support/statefun-bytes.js";
import { statefulFunction } from "../function.js";
import { types } from "../types.js";
import { createLambdaHandler, type LambdaHttpEvent } from "./lambda-handler.js";

const echo = statefulFunction("shop/echo", {
  accepts: types.int,
  handle: (ctx, value) => ctx.send(ctx.self, value),
});
const handler = createLambdaHandler([echo], { payloadBytesMax: 1000 });

const target = wire.address("shop", "echo", "a");
const argument = wire.typedValue("io.statefun.types/int", Buffer.from("0d01000000", "hex"));
const body = wire.request(target, wire.input(argument)).toString("base64");
const answered = wire
  .effects(wire.field(2, wire.field(1, target), wire.field(2, argument)))
  .toString("base64");

const functionUrl = {
  version: "2.0",
  routeKey: "$default",
  rawPath: "/statefun",
  headers: { "content-type": "application/octet-stream", "user-agent": "statefun" },
  requestContext: { domainName: "x.lambda-url.eu-central-1.on.aws", http: { method: "POST" } },
  body,
  isBase64Encoded: true,
};
const restApi = {
  resource: "/statefun",
  path: "/statefun",
  httpMethod: "POST",
  headers: { "Content-Type": "application/octet-stream", "User-Agent": "statefun" },
  multiValueHeaders: { "Content-Type": ["application/octet-stream"] },
  requestContext: { stage: "prod", httpMethod: "POST" },
  body,
  isBase64Encoded: true,
};
const loadBalancer = {
  requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:x" } },
  httpMethod: "POST",
  path: "/statefun",
  headers: { "content-type": "application/octet-stream" },
  body,
  isBase64Encoded: true,
};

describe("the Lambda handler", () => {
  const shapes: [string, LambdaHttpEvent][] = [
    ["a function URL", functionUrl],
    [
      "an HTTP API, format 2.0",
      { ...functionUrl, headers: { "content-type": "application/octet-stream" } },
    ],
    ["an HTTP API, format 1.0, and a REST API", restApi],
    ["a load balancer", loadBalancer],
  ];
  for (const [what, event] of shapes) {
    it(`answers an event of ${what} in base64`, async () => {
      assert.deepEqual(await handler(event), {
        statusCode: 200,
        headers: { "content-type": "application/octet-stream" },
        body: answered,
        isBase64Encoded: true,
      });
    });
  }

  it("has a limit that its own base64 fits into", async () => {
    const large = { ...functionUrl, body: Buffer.alloc(4_500_001).toString("base64") };
    const { statusCode, body: text } = await createLambdaHandler([echo])(large);
    assert.deepEqual(
      [statusCode, text],
      [413, "request of 4500001 bytes exceeds payloadBytesMax 4500000\n"],
    );
  });

  const refusals: [string, LambdaHttpEvent, number, string][] = [
    ["GET", { ...restApi, httpMethod: "GET" }, 405, "method GET, expected POST\n"],
    [
      "GET at a function URL",
      { ...functionUrl, requestContext: { http: { method: "GET" } } },
      405,
      "method GET, expected POST\n",
    ],
    [
      "JSON, however its header is spelled",
      { ...restApi, headers: { "CONTENT-TYPE": "application/json" } },
      415,
      "content-type application/json, expected application/octet-stream\n",
    ],
    ["no body", { ...functionUrl, body: undefined }, 400, "empty body, expected a ToFunction\n"],
    ["a body of null", { ...restApi, body: null }, 400, "empty body, expected a ToFunction\n"],
    [
      "a body that was made text",
      { ...restApi, body: "\ufffd\u0006", isBase64Encoded: false },
      400,
      "the body came as text; application/octet-stream must be a binary media type of the API\n",
    ],
    ["a body that is no base64", { ...restApi, body: "a b?" }, 400, "the body is not base64\n"],
    [
      "a body that is too large",
      { ...restApi, body: Buffer.alloc(1001).toString("base64") },
      413,
      "request of 1001 bytes exceeds payloadBytesMax 1000\n",
    ],
    [
      "an event that is not one of HTTP",
      { Records: [] } as LambdaHttpEvent,
      400,
      "the event is not one of HTTP: it names no method\n",
    ],
  ];
  for (const [what, event, status, message] of refusals) {
    it(`refuses ${what} with ${status}, in text`, async () => {
      const { statusCode, body: text, isBase64Encoded } = await handler(event);
      assert.deepEqual([statusCode, text, isBase64Encoded], [status, message, false]);
    });
  }
});
