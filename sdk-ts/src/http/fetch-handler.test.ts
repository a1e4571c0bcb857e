import assert from "node:assert/strict";
import * as wire from "../../test/support/statefun-bytes.js";
import { FunctionFailure } from "../errors.js";
import { statefulFunction } from "../function.js";
import { types } from "../types.js";
import { createFetchHandler } from "./fetch-handler.js";

const url = "https://functions.example/statefun";
const octets = { "content-type": "application/octet-stream" };
const target = wire.address("shop", "echo", "a");
const body = wire.request(
  target,
  wire.input(wire.typedValue("io.statefun.types/string", "\n\x01x")),
);

const echo = statefulFunction("shop/echo", {
  accepts: types.string,
  handle: (ctx, text) => ctx.send(ctx.self, text),
});
const options = { payloadBytesMax: 1000, onEvent: () => undefined };

function post(init: RequestInit = {}): Request {
  return new Request(url, { method: "POST", headers: octets, body, ...init });
}

function streamOf(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) {
        controller.enqueue(chunk);
      }
      controller.close();
    },
  });
}

describe("the Fetch handler", () => {
  const handler = createFetchHandler([echo], options);

  it("answers a Request with a Response of bytes", async () => {
    const response = await handler(post());
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/octet-stream");
    const expected = wire.effects(
      wire.field(
        2,
        wire.field(1, target),
        wire.field(2, wire.typedValue("io.statefun.types/string", "\n\x01x")),
      ),
    );
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), expected);
  });

  it("takes a body in chunks, whatever its path and parameters are", async () => {
    const chunks = [body.subarray(0, 3), body.subarray(3, 10), body.subarray(10)];
    const request = new Request(`${url}/deeper?x=1`, {
      method: "POST",
      headers: { "content-type": "Application/Octet-Stream; x=y" },
      body: streamOf(...chunks),
      duplex: "half",
    });
    assert.equal((await handler(request)).status, 200);
  });

  it("takes a request that names no content type", async () => {
    const request = post({ headers: {} });
    request.headers.delete("content-type");
    assert.equal((await handler(request)).status, 200);
  });

  const refusals: [string, () => Request, number, string][] = [
    ["GET", () => new Request(url), 405, "method GET, expected POST\n"],
    ["PUT", () => post({ method: "PUT" }), 405, "method PUT, expected POST\n"],
    [
      "JSON",
      () => post({ headers: { "content-type": "application/json" } }),
      415,
      "content-type application/json, expected application/octet-stream\n",
    ],
    [
      "a compressed body",
      () => post({ headers: { ...octets, "content-encoding": "gzip" } }),
      415,
      "content-encoding gzip, expected none\n",
    ],
    ["no body", () => post({ body: null }), 400, "empty body, expected a ToFunction\n"],
    [
      "a body that says that it is too large",
      () => post({ headers: { ...octets, "content-length": "1001" } }),
      413,
      "request of 1001 bytes exceeds payloadBytesMax 1000\n",
    ],
    [
      "a body that turns out to be too large",
      () => post({ body: streamOf(Buffer.alloc(600), Buffer.alloc(600)), duplex: "half" }),
      413,
      "request of 1200 bytes exceeds payloadBytesMax 1000\n",
    ],
    [
      "a body that breaks off",
      () =>
        post({
          body: new ReadableStream({ pull: (controller) => controller.error(new Error("lost")) }),
          duplex: "half",
        }),
      400,
      "the body ended early: lost\n",
    ],
  ];
  for (const [what, request, status, message] of refusals) {
    it(`refuses ${what} with ${status}`, async () => {
      const response = await handler(request());
      assert.deepEqual([response.status, await response.text()], [status, message]);
      assert.equal(response.headers.get("allow"), status === 405 ? "POST" : null);
    });
  }

  it("answers 500 when a function fails", async () => {
    const failing = statefulFunction("shop/echo", {
      handle: () => Promise.reject(new FunctionFailure("not today")),
    });
    const response = await createFetchHandler([failing], options)(post());
    assert.deepEqual([response.status, await response.text()], [500, "not today\n"]);
  });

  it("aborts the signal of a function whose request is aborted", async () => {
    const gone = new AbortController();
    const aborted = new Promise<unknown>((resolve) => {
      const waiting = statefulFunction("shop/echo", {
        async handle({ signal }) {
          const waited = new Promise((done) => signal.addEventListener("abort", done));
          gone.abort();
          await waited;
          resolve(signal.aborted);
        },
      });
      void createFetchHandler([waiting], options)(post({ signal: gone.signal }));
    });
    assert.equal(await aborted, true);
  });

  it("refuses functions that cannot be served, at once", () => {
    assert.throws(() => createFetchHandler([]), { code: "invalid-declaration" });
    assert.throws(() => createFetchHandler([echo, echo]), { code: "invalid-declaration" });
    for (const payloadBytesMax of [0, 1.5, Number.NaN]) {
      assert.throws(() => createFetchHandler([echo], { payloadBytesMax }), {
        code: "invalid-declaration",
        message: `payloadBytesMax ${payloadBytesMax} is not an integer of 1 or more`,
      });
    }
  });
});
