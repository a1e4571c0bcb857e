import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import type { ApiSettings } from "../src/api/api.js";
import type { TypedValue } from "../src/core/typed-value.js";
import { ApiNode } from "./support/api-node.js";

type Headers = Readonly<Record<string, string>>;

/** undici sends a content type of its own for text; bytes go out as they are. */
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
const long = (value: bigint): Uint8Array => {
  const buffer = Buffer.alloc(9, 0x09);
  buffer.writeBigInt64LE(value, 1);
  return buffer;
};

describe("HTTP ingress", () => {
  let node: ApiNode;

  async function open(settings: Partial<ApiSettings> = {}): Promise<void> {
    node = await ApiNode.open(settings);
  }

  function post(path: string, headers: Headers, body: string | Uint8Array<ArrayBuffer> = "") {
    const payload = typeof body === "string" ? bytes(body) : body;
    return fetch(`${node.httpUrl}${path}`, { method: "POST", headers, body: payload });
  }

  /** The error body of a response, whose status is checked. */
  async function refused(response: Promise<Response>, httpStatus: number, text: string) {
    const answer = await response;
    const body = (await answer.json()) as { code: string; message: string; failure?: string };
    assert.equal(answer.status, httpStatus, body.message);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.ok(body.message.includes(text), body.message);
    return { ...body, headers: answer.headers };
  }

  /** What the core gets for a body. */
  async function accepted(headers: Headers, body: string): Promise<TypedValue> {
    node.echo();
    const response = await post("/v1/send/shop/order/1", headers, body);
    const text = await response.text();
    assert.equal(response.status, 202, text);
    const command = node.commands.at(-1);
    assert.ok(command !== undefined);
    const { typename, value } = command.message;
    return { typename, value: value === null ? null : Uint8Array.from(value) };
  }

  /** What a client sees of a reply. */
  async function shown(reply: TypedValue, accept?: string) {
    node.handle = ({ request }) => {
      setImmediate(() => node.requests.replied([{ request, value: reply, failure: null }]));
    };
    const headers = { "content-type": "text/plain", ...(accept === undefined ? {} : { accept }) };
    const response = await post("/v1/call/shop/order/1", headers, "x");
    assert.equal(response.status, 200);
    return {
      contentType: response.headers.get("content-type"),
      typename: response.headers.get("statewire-typename"),
      presence: response.headers.get("statewire-value"),
      text: await response.text(),
    };
  }

  beforeEach(() => open());
  afterEach(() => node.api.close());

  describe("the request", () => {
    it("a send is accepted when it is durable, and says whether it is a duplicate", async () => {
      const headers = {
        "statewire-typename": "shop/placed",
        "content-type": "application/octet-stream",
        "idempotency-key": "k",
        "statewire-delay": "250",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      };
      const sent = post("/v1/send/shop/order/1", headers, "abc");
      const [command] = await node.arrived(1);
      assert.deepEqual(command, {
        kind: "send",
        request: 1,
        typeName: "shop/order",
        id: "1",
        message: { typename: "shop/placed", value: Buffer.from("abc") },
        traceparent: headers.traceparent,
        delayMs: 250,
        once: { kind: "key", key: "k" },
      });
      node.requests.acknowledged([{ request: 1, duplicate: true }]);
      const response = await sent;
      assert.equal(response.status, 202);
      assert.deepEqual(await response.json(), { duplicate: true });
    });

    it("an exactly-once producer names its source and sequence", async () => {
      const producer = { "statewire-source": "s", "statewire-sequence": "7" };
      await accepted({ "content-type": "text/plain", ...producer }, "x");
      const [command] = node.commands;
      assert.ok(command?.kind === "send");
      assert.deepEqual(command.once, { kind: "sequence", source: "s", sequence: 7 });
    });

    it("an id holds anything that is percent-encoded, and slashes as they are", async () => {
      node.echo();
      await post("/v1/send/shop/order/a/b%2Fc%20%C3%A9?x=1", { "content-type": "text/plain" }, "x");
      await post("/v1/send/shop/order/", { "content-type": "text/plain" }, "x");
      assert.deepEqual(
        node.commands.map(({ id }) => id),
        ["a/b/c é", ""],
      );
    });

    it("a path or a header that is wrong is refused before the core sees it", async () => {
      const plain = { "content-type": "text/plain" };
      const path = "/v1/send/shop/order/1";
      const twice = { "idempotency-key": "k", "statewire-source": "s", "statewire-sequence": "1" };
      await refused(post("/v1/send/shop", plain, "x"), 400, "not /v1/send/NAMESPACE/TYPE/ID");
      const lacksId = 'NAMESPACE/TYPE/ID; an empty id is "/v1/send/shop/order/"';
      await refused(post("/v1/send/shop/order", plain, "x"), 400, lacksId);
      await refused(post("/v1/send/shop//1", plain, "x"), 400, "type");
      await refused(post("/v1/send/shop/order/%ff", plain, "x"), 400, "percent-encoded");
      await refused(
        post(`/v1/send/shop/order/${"x".repeat(41)}`, plain, "x"),
        400,
        "idBytesMax 40",
      );
      const delay = 'statewire-delay "1s" is not a whole number of milliseconds';
      await refused(post(path, { ...plain, "statewire-delay": "1s" }, "x"), 400, delay);
      await refused(post(path, { ...plain, "statewire-delay": "-1" }, "x"), 400, "statewire-delay");
      const mistyped = "unknown header statewire-sequense; known: statewire-typename, ";
      await refused(post(path, { ...plain, "statewire-sequense": "1" }, "x"), 400, mistyped);
      const timeout = { ...plain, "statewire-timeout": "9" };
      await refused(post(path, timeout, "x"), 400, "statewire-timeout is for call, not for send");
      await refused(post(path, { ...plain, "statewire-source": "s" }, "x"), 400, "come together");
      await refused(post(path, { ...plain, ...twice }, "x"), 400, "exclude");
      const named = { ...plain, "statewire-typename": "int" };
      const wrong = 'header statewire-typename "int" is not a typename: expected NAMESPACE/NAME';
      await refused(post(path, named, "1"), 400, wrong);
      await refused(post(path, named, "1"), 400, "did you mean io.statefun.types/int?");
      await refused(post(path, { "content-type": "json" }, "1"), 400, 'header content-type "json"');
      const call = "/v1/call/shop/order/1";
      await refused(post(call, { ...plain, "statewire-delay": "1" }, "x"), 400, "not for call");
      await refused(post(call, { ...plain, "statewire-timeout": "0" }, "x"), 400, "timeout");
      assert.equal(node.commands.length, 0);
    });

    it("another method is refused, and told which would do", async () => {
      const response = await fetch(`${node.httpUrl}/v1/send/shop/order/1`);
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("allow"), "POST");
      await response.body?.cancel();
    });

    it("a trace that is wrong is passed over", async () => {
      await accepted({ "content-type": "text/plain", traceparent: "00-1-2-3" }, "x");
      assert.equal(node.commands[0]?.traceparent, "");
    });

    it("a key outside ASCII is read as UTF-8", async () => {
      const key = Buffer.from("é").toString("latin1");
      await accepted({ "content-type": "text/plain", "idempotency-key": key }, "x");
      assert.deepEqual(node.commands[0]?.once, { kind: "key", key: "é" });
    });
  });

  describe("the body", () => {
    const json = "application/json";
    const statefun = (name: string): string => `io.statefun.types/${name}`;

    it("the header names the type of a body of bytes", async () => {
      const headers = { "statewire-typename": "shop/placed", "content-type": "application/x" };
      assert.deepEqual(await accepted(headers, "abc"), {
        typename: "shop/placed",
        value: bytes("abc"),
      });
    });

    it("a vendor media type names it as well", async () => {
      const headers = { "content-type": "application/vnd.example/GreetRequest" };
      const value = bytes('{"name":"Bob"}');
      assert.deepEqual(await accepted(headers, '{"name":"Bob"}'), {
        typename: "example/GreetRequest",
        value,
      });
    });

    it("JSON without a typename is application/json, as is a body without a content type", async () => {
      const expected = { typename: json, value: bytes('{"a":1}') };
      assert.deepEqual(
        await accepted({ "content-type": `${json}; charset=utf-8` }, '{"a":1}'),
        expected,
      );
      assert.deepEqual(await accepted({}, '{"a":1}'), expected);
    });

    it("text is a string", async () => {
      const value = Buffer.concat([Buffer.from([0x0a, 2]), Buffer.from("hi")]);
      assert.deepEqual(await accepted({ "content-type": "text/plain" }, "hi"), {
        typename: statefun("string"),
        value: Uint8Array.from(value),
      });
    });

    it("a built-in type is read from JSON, from text, and from what curl says by default", async () => {
      const typename = statefun("long");
      const expected = { typename, value: Uint8Array.from(long(42n)) };
      for (const contentType of [json, "text/plain", "application/x-www-form-urlencoded"]) {
        const headers = { "statewire-typename": typename, "content-type": contentType };
        assert.deepEqual(await accepted(headers, "42"), expected, contentType);
      }
    });

    it("any other media type is the typename", async () => {
      assert.equal((await accepted({ "content-type": "image/png" }, "x")).typename, "image/png");
      const vendor = "application/vnd.api+json";
      assert.equal((await accepted({ "content-type": vendor }, "x")).typename, vendor);
    });

    it("an absent value is asked for by name, an empty body is an empty value", async () => {
      const typename = { "statewire-typename": "a/b", "content-type": "application/octet-stream" };
      assert.equal((await accepted({ ...typename, "statewire-value": "absent" }, "")).value, null);
      assert.equal((await accepted(typename, "")).value?.length, 0);
      const path = "/v1/send/shop/order/1";
      const absent = { ...typename, "statewire-value": "absent" };
      await refused(post(path, absent, "x"), 400, "1 bytes");
      await refused(post(path, { ...typename, "statewire-value": "no" }, ""), 400, '"no"');
    });

    it("a body that is not what it says is refused", async () => {
      const path = "/v1/send/shop/order/1";
      await refused(post(path, { "content-type": json }, "{a:1}"), 400, "not JSON");
      const bool = { "statewire-typename": statefun("bool"), "content-type": json };
      await refused(post(path, bool, "1"), 400, "true or false");
      for (const form of ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]) {
        await refused(post(path, { "content-type": form }, "a=1"), 400, "statewire-typename");
      }
      await refused(post(path, {}, ""), 400, "body is empty: expected JSON, or for no value");
      const zipped = { "content-type": "text/plain", "content-encoding": "gzip" };
      await refused(post(path, zipped, "x"), 400, "content-encoding gzip is not taken");
      const latin = { "content-type": 'text/plain; charset="ISO-8859-1"' };
      await refused(post(path, latin, "x"), 400, "charset ISO-8859-1 is not UTF-8");
      const wrong = new Uint8Array([0xff]);
      await refused(post(path, { "content-type": "text/plain" }, wrong), 400, "UTF-8");
      assert.equal(node.commands.length, 0);
    });
  });

  describe("the reply", () => {
    it("is the function's bytes with their typename", async () => {
      assert.deepEqual(await shown({ typename: "shop/placed", value: bytes("abc") }), {
        contentType: "application/octet-stream",
        typename: "shop/placed",
        presence: null,
        text: "abc",
      });
    });

    it("is readable when it is built in, unless the client takes no JSON", async () => {
      const reply = { typename: "io.statefun.types/long", value: long(2n ** 60n) };
      for (const accept of [
        undefined,
        "*/*",
        "text/html, application/*;q=0.5",
        "application/json",
      ]) {
        const { contentType, text } = await shown(reply, accept);
        assert.equal(contentType, "application/json", accept);
        assert.equal(text, "1152921504606846976");
      }
      const raw = await shown(reply, "application/octet-stream, application/json;q=0");
      assert.equal(raw.contentType, "application/octet-stream");
    });

    it("is text when it is built in and the client wants text, and no JSON", async () => {
      const text = { typename: "io.statefun.types/string", value: bytes('\n\x03a"b') };
      const plainText = "text/plain; charset=utf-8";
      const shownAsText = await shown(text, "text/plain");
      assert.deepEqual([shownAsText.contentType, shownAsText.text], [plainText, 'a"b']);
      const number = await shown(
        { typename: "io.statefun.types/long", value: long(7n) },
        "text/plain",
      );
      assert.deepEqual([number.contentType, number.text], [plainText, "7"]);
      const both = await shown(text, "text/plain, application/json");
      assert.deepEqual([both.contentType, both.text], ["application/json", '"a\\"b"']);
    });

    it("JSON of another type is shown as JSON to who asks for JSON", async () => {
      const reply = { typename: "shop/total", value: bytes('{"sum":3}') };
      assert.equal((await shown(reply, "application/json")).contentType, "application/json");
      assert.equal((await shown(reply, "*/*")).contentType, "application/octet-stream");
      const notJson = { typename: "shop/total", value: bytes("{") };
      const { contentType } = await shown(notJson, "application/json");
      assert.equal(contentType, "application/octet-stream");
    });

    it("of a media type has it", async () => {
      const reply = { typename: "application/json", value: bytes("{}") };
      assert.equal((await shown(reply)).contentType, "application/json");
      const image = { typename: "image/png", value: bytes("x") };
      assert.equal((await shown(image)).contentType, "image/png");
    });

    it("says when its value is absent", async () => {
      const { presence, text } = await shown({ typename: "a/b", value: null });
      assert.deepEqual([presence, text], ["absent", ""]);
    });

    it("has a typename that no header could hold made fit", async () => {
      const { typename } = await shown({ typename: "a/b\r\nx: é", value: bytes("x") });
      assert.equal(typename, Buffer.from("a/b??x: é").toString("latin1"));
    });

    it("is 204 when the function did not reply", async () => {
      const called = post("/v1/call/shop/order/1", { "content-type": "text/plain" }, "x");
      await node.arrived(1);
      node.requests.replied([{ request: 1, value: null, failure: null }]);
      assert.equal((await called).status, 204);
    });
  });

  describe("an error", () => {
    const plain = { "content-type": "text/plain" };

    it("of an unknown function is 404 with the words of the core", async () => {
      const sent = post("/v1/send/shop/order/1", plain, "x");
      await node.arrived(1);
      node.requests.rejected([{ request: 1, code: "notFound", message: "known: shop/cart" }]);
      assert.equal((await refused(sent, 404, "known: shop/cart")).code, "NOT_FOUND");
    });

    it("of a function that failed for good is 409 with the failure's code", async () => {
      const called = post("/v1/call/shop/order/1", plain, "x");
      await node.arrived(1);
      const failure = { code: "badInput", message: "no" };
      node.requests.replied([{ request: 1, value: null, failure }]);
      const error = await refused(called, 409, "no");
      assert.deepEqual([error.code, error.failure], ["FAILED_PRECONDITION", "badInput"]);
    });

    it("of a call that takes too long is 504, and the call is abandoned", async () => {
      const headers = { ...plain, "statewire-timeout": "30" };
      const called = post("/v1/call/shop/order/1", headers, "x");
      node.explain = (address) => `${address} is parked`;
      const { code, message } = await refused(called, 504, "30 ms");
      assert.equal(code, "DEADLINE_EXCEEDED");
      assert.equal(
        message,
        "no reply within 30 ms (shop/order/1 is parked); the message runs all the same",
      );
      assert.equal(node.commands.length, 1);
      assert.equal(node.requests.pendingCount, 0);
    });

    it("of a full node is 429 with retry-after", async () => {
      await node.api.close();
      await open({ admissionTimeoutMs: 30 });
      node.requests.setAccepting(false);
      const error = await refused(post("/v1/send/shop/order/1", plain, "x"), 429, "no room");
      assert.equal(error.headers.get("retry-after"), "1");
      assert.equal(node.commands.length, 0);
    });

    it("of a node that stops is 503 with retry-after", async () => {
      // A connection that is there: the node takes no new ones.
      const taken = post("/v1/send/shop/order/1", plain, "x");
      await node.arrived(1);
      await node.api.drain(20);
      const error = await refused(taken, 503, "not known");
      assert.equal(error.headers.get("retry-after"), "1");
    });

    it("of a value above the limit is 413 with both sizes and the setting", async () => {
      const headers = { "content-type": "application/octet-stream" };
      const sent = post("/v1/send/shop/order/1", headers, "x".repeat(1001));
      await refused(sent, 413, "1001 bytes exceeds valueBytesMax 1000");
    });

    it("of a body above the limit reaches a client that is still sending", async () => {
      const total = 20 * 1024 * 1024;
      for (const headers of [{ "content-length": String(total) }, {}]) {
        const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
          const url = `${node.httpUrl}/v1/send/shop/order/1`;
          const request = httpRequest(url, { method: "POST", headers }, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("end", () => {
              request.destroy();
              resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
            });
          });
          request.on("error", (error) => reject(error));
          const chunk = Buffer.alloc(64 * 1024);
          const pump = (): void => {
            while (!request.destroyed && request.write(chunk));
          };
          request.on("drain", pump);
          pump();
        });
        assert.equal(answer.status, 413);
        assert.match(answer.text, /exceeds requestBytesMax 4000/);
      }
    });

    it("comes instead of the permission to send a body that is too large", async () => {
      const socket = connect(node.api.httpAddress.port, "127.0.0.1");
      socket.write(
        "POST /v1/send/shop/order/1 HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n" +
          "content-length: 5000\r\n\r\n",
      );
      const [chunk] = await new Promise<[Buffer]>((resolve) =>
        socket.once("data", (data: Buffer) => resolve([data])),
      );
      socket.destroy();
      assert.match(chunk.toString(), /^HTTP\/1\.1 413 /);
    });

    it("of an unknown path is 404 in JSON", async () => {
      await refused(post("/v2/send/a/b/c", plain, "x"), 404, "/v2/send/a/b/c");
    });
  });

  it("a client that asks before it sends gets the permission", async () => {
    node.echo();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { expect: "100-continue", "content-type": "text/plain" };
      const url = `${node.httpUrl}/v1/send/shop/order/1`;
      const request = httpRequest(url, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("continue", () => request.end("x"));
      request.on("error", reject);
      request.flushHeaders();
    });
    assert.equal(status, 202);
  });

  it("a client that goes away abandons its call", async () => {
    const abort = new AbortController();
    const called = fetch(`${node.httpUrl}/v1/call/shop/order/1`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "x",
      signal: abort.signal,
    });
    await node.arrived(1);
    abort.abort();
    await assert.rejects(called);
    await node.api.drain(10_000);
    assert.equal(node.requests.pendingCount, 0);
    assert.equal(node.counters.httpCall.cancelled, 1);
  });

  it("requests wait while the node is full, and go on when it is not", async () => {
    node.requests.setAccepting(false);
    node.echo();
    const sent = post("/v1/send/shop/order/1", { "content-type": "text/plain" }, "x");
    await (await fetch(`${node.httpUrl}/healthz`)).text();
    assert.equal(node.commands.length, 0);
    node.requests.setAccepting(true);
    assert.equal((await sent).status, 202);
  });

  it("what they hold in memory meanwhile is bounded", async () => {
    const waits = (name: string) => {
      const headers = { "content-type": "text/plain" };
      return post(`/v1/send/shop/order/${name}`, headers, "x".repeat(900));
    };
    node.requests.setAccepting(false);
    node.echo();
    const first = waits("1");
    await (await fetch(`${node.httpUrl}/healthz`)).text();
    const second = await waits("2");
    assert.equal(second.status, 429);
    assert.match(await second.text(), /would hold 1800 bytes, and admissionBytesMax is 1500/);
    node.requests.setAccepting(true);
    assert.equal((await first).status, 202);
  });
});
