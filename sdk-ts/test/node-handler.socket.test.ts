import assert from "node:assert/strict";
import { once } from "node:events";
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { statefulFunction, types } from "../src/functions.js";
import { createNodeHandler } from "../src/http/index.js";
import * as wire from "./support/statefun-bytes.js";

const octets = { "content-type": "application/octet-stream" };
const target = wire.address("shop", "echo", "a");
const argument = wire.typedValue("io.statefun.types/string", "\n\x01x");
const body = wire.request(target, wire.input(argument));
const answered = wire.effects(wire.field(2, wire.field(1, target), wire.field(2, argument)));

const echo = statefulFunction("shop/echo", {
  accepts: types.string,
  handle: (ctx, text) => ctx.send(ctx.self, text),
});

describe("the handler of node:http", () => {
  let server: Server;
  let url = "";

  const serveWith = async (listener: Parameters<typeof createServer>[1]): Promise<void> => {
    server = createServer(listener);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/statefun`;
  };
  const dial = async (): Promise<Socket> => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  const post = (init: RequestInit = {}): Promise<Response> =>
    fetch(url, { method: "POST", headers: octets, body, ...init });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  it("answers requests, many on one connection", async () => {
    await serveWith(createNodeHandler([echo]));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    for (let count = 0; count < 3; count++) {
      const request = httpRequest(url, { method: "POST", headers: octets, agent }).end(body);
      const [response] = (await once(request, "response")) as [IncomingMessage];
      assert.equal(response.statusCode, 200);
      assert.equal(response.headers["content-type"], "application/octet-stream");
      assert.deepEqual(Buffer.concat(await response.toArray()), answered);
      sockets.add(response.socket);
    }
    assert.equal(sockets.size, 1);
    agent.destroy();
  });

  it("takes a body that comes in chunks", async () => {
    await serveWith(createNodeHandler([echo]));
    const request = httpRequest(url, { method: "POST", headers: octets });
    const answer = once(request, "response");
    for (const byte of body) {
      request.write(Buffer.of(byte));
    }
    request.end();
    const [response] = (await answer) as [IncomingMessage];
    assert.deepEqual(Buffer.concat(await response.toArray()), answered);
  });

  const refusals: [string, RequestInit, number, string][] = [
    ["GET", { method: "GET", body: null }, 405, "method GET, expected POST\n"],
    [
      "JSON",
      { headers: { "content-type": "application/json" } },
      415,
      "content-type application/json, expected application/octet-stream\n",
    ],
    ["an empty body", { body: null }, 400, "empty body, expected a ToFunction\n"],
    [
      "another message",
      { body: "hello" },
      400,
      "5 bytes are no ToFunction: a tag that cannot be, at byte 3\n",
    ],
  ];
  for (const [what, init, status, message] of refusals) {
    it(`refuses ${what} with ${status}`, async () => {
      await serveWith(createNodeHandler([echo]));
      const response = await post(init);
      assert.deepEqual([response.status, await response.text()], [status, message]);
      assert.equal((await post()).status, 200);
    });
  }

  it("refuses a body that says that it is too large before it comes", async () => {
    await serveWith(createNodeHandler([echo], { payloadBytesMax: 1000 }));
    const socket = await dial();
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n");
    const answer = Buffer.concat(await socket.toArray()).toString();
    assert.match(answer, /^HTTP\/1.1 413 /);
    assert.match(answer, /request of 1001 bytes exceeds payloadBytesMax 1000\n$/);
  });

  it("stops reading a body of unknown size when it is too large", async () => {
    await serveWith(createNodeHandler([echo], { payloadBytesMax: 1000 }));
    const socket = await dial();
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    socket.write(`7d0\r\n${"x".repeat(2000)}\r\n`);
    const answer = Buffer.concat(await socket.toArray()).toString();
    assert.match(answer, /^HTTP\/1.1 413 /);
    assert.match(answer, /exceeds payloadBytesMax 1000\n$/);
  });

  it("answers 500 when a function fails, and goes on", async () => {
    let attempts = 0;
    const failsOnce = statefulFunction("shop/echo", {
      handle: () => {
        attempts++;
        if (attempts === 1) {
          throw new Error("not yet");
        }
      },
    });
    const events: unknown[] = [];
    await serveWith(createNodeHandler([failsOnce], { onEvent: (event) => events.push(event) }));
    const first = await post();
    assert.deepEqual([first.status, await first.text()], [500, "Error: not yet\n"]);
    assert.equal((await post()).status, 200);
    assert.equal(events.length, 1);
  });

  it("tells a function that the runtime has hung up", async () => {
    let running = (): void => undefined;
    const runs = new Promise<void>((resolve) => {
      running = resolve;
    });
    const told = new Promise<unknown>((resolve) => {
      const waiting = statefulFunction("shop/echo", {
        async handle({ signal }) {
          const aborted = new Promise((done) => signal.addEventListener("abort", done));
          running();
          await aborted;
          resolve(signal.reason);
        },
      });
      void serveWith(createNodeHandler([waiting])).then(async () => {
        const socket = await dial();
        socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`);
        socket.write(body);
        await runs;
        socket.destroy();
      });
    });
    assert.match(String(await told), /the runtime has closed its connection/);
  });

  it("survives a runtime that hangs up in the middle of its request", async () => {
    await serveWith(createNodeHandler([echo]));
    const arrived = once(server, "request");
    const socket = await dial();
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`);
    socket.write(body.subarray(0, 5));
    await arrived;
    socket.destroy();
    assert.equal((await post()).status, 200);
  });

  it("takes the body from a framework that has read it, and says so when it is lost", async () => {
    const handler = createNodeHandler([echo]);
    await serveWith((request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        const rawBody = request.url === "/kept" ? Buffer.concat(chunks) : undefined;
        handler(Object.assign(request, { rawBody, body: {} }), response);
      });
    });
    const kept = await fetch(new URL("/kept", url), { method: "POST", headers: octets, body });
    assert.deepEqual(Buffer.from(await kept.arrayBuffer()), answered);
    const lost = await post();
    assert.equal(lost.status, 500);
    assert.match(await lost.text(), /the body was read before this handler/);
  });
});
