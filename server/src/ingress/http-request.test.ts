import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request as openRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpRequest } from "./http-request.js";

// Goal: a body reaches its reader whole, and the stream gets what the reader leaves.
// Method: a real server and client on one kept-alive connection; the body comes in two parts.

describe("a request whose body is read as it is parsed", () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let handle: (request: HttpRequest, response: ServerResponse) => void;
  const server = createServer({ IncomingMessage: HttpRequest }, (request, response) =>
    handle(request, response),
  );

  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    agent.destroy();
    server.close();
  });

  /** Sends "first", and "second" once `isRead` says so; returns the body of the answer. */
  async function post(isRead: Promise<void>): Promise<string> {
    const { port } = server.address() as AddressInfo;
    const request = openRequest({ port, host: "127.0.0.1", method: "POST", agent });
    request.write("first ");
    await isRead;
    request.end("second");
    const [response] = await once(request, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it("is whole, and so is the next one on the connection", async () => {
    for (const _ of [1, 2]) {
      const isRead = new Promise<void>((resolve) => {
        handle = (request, response) => {
          const read: Buffer[] = [];
          request.readTo({
            read: (chunk) => {
              read.push(chunk);
              resolve();
            },
            ended: () => response.end(Buffer.concat(read)),
          });
        };
      });
      assert.equal(await post(isRead), "first second");
    }
  });

  it("goes on as a stream when the reader has had enough", async () => {
    const isRead = new Promise<void>((resolve) => {
      handle = (request, response) => {
        request.readTo({
          read: () => {
            request.stopReading();
            request.on("data", (chunk) => response.write(chunk));
            request.on("end", () => response.end("."));
            resolve();
          },
          ended: () => assert.fail("the reader has stopped"),
        });
      };
    });
    assert.equal(await post(isRead), "second.");
  });

  it("ends as a stream when the reader stops after the end", async () => {
    handle = (request, response) => {
      request.readTo({
        read: () => undefined,
        ended: () => {
          request.stopReading();
          request.on("end", () => response.end("ended")).resume();
        },
      });
    };
    assert.equal(await post(Promise.resolve()), "ended");
  });
});
