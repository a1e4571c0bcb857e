/*
 * Goal: every record reaches the web server, in order, with an id that never changes; a server that
 * fails is tried again, one that refuses is believed. Method: real servers that misbehave.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import type { Sink } from "../src/egress/sink.js";
import { createHttpSink } from "../src/egress/sinks/http-sink.js";
import { parseRetryAfter } from "../src/egress/sinks/post-once.js";
import type { HttpEgressSpec } from "../src/module/module.js";
import { parseSecretText, type SecretText } from "../src/module/secret-text.js";
import { outboxRecord, outboxRecords } from "./support/outbox-records.js";

interface Received {
  readonly headers: IncomingMessage["headers"];
  readonly method: string | undefined;
  readonly body: string;
  readonly atMs: number;
}

type Answer = (response: ServerResponse) => void;

const ok: Answer = (response) => response.writeHead(204).end();
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end("not now");

function secret(text: string): SecretText {
  const parsed = parseSecretText(text, (path) => path);
  assert.ok(parsed !== undefined);
  return parsed;
}

describe("HTTP sink", () => {
  let server: Server;
  let url: string;
  let received: Received[];
  /** For the first requests; then every one succeeds. */
  let answers: Answer[];
  let sink: Sink;
  let logged: string[];

  beforeEach(async () => {
    received = [];
    answers = [];
    logged = [];
    server = createServer((request, response) => void take(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=1`;
  });

  afterEach(async () => {
    await sink.close();
    server.closeAllConnections();
    server.close();
  });

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    request.setEncoding("utf8");
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, method: request.method, body, atMs: Date.now() });
    (answers.shift() ?? ok)(response);
  }

  function createSink(spec: Partial<HttpEgressSpec> = {}, environment = {}): Sink {
    sink = createHttpSink({
      spec: {
        kind: "statewire.http.v1/egress",
        waitFor: "local" as const,
        source: { file: "module.yaml", line: 1, column: 1 },
        id: "test/out",
        url: secret(url),
        headers: new Map(),
        timeoutMs: 5000,
        retry: { initialBackoffMs: 1, maxBackoffMs: 5, factor: 2, jitter: 0.5 },
        batchMax: 1,
        rejectedRecords: "stop",
        ...spec,
      },
      logger: pino({ level: "debug" }, { write: (line) => logged.push(line) }),
      environment,
    });
    return sink;
  }

  const ids = () => received.map(({ headers }) => headers["statewire-record-id"]);
  const logs = (message: string) => logged.filter((line) => line.includes(`"msg":"${message}"`));

  it("posts a record's value, with its id and type", async () => {
    createSink();
    const text = Buffer.from("0a03c3bc21", "hex");
    assert.equal(await sink.write([outboxRecord(7)]), 7);
    assert.equal(await sink.write([outboxRecord(8, text, "io.statefun.types/string")]), 8);
    const [first, second] = received;
    assert.deepEqual([first?.method, first?.body, second?.body], ["POST", '{"n":7}', "ü!"]);
    assert.equal(first?.headers["content-type"], "application/json");
    assert.equal(second?.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(first?.headers["statewire-record-id"], "test/out/7");
    assert.equal(first?.headers["idempotency-key"], "test/out/7");
    assert.equal(first?.headers["statewire-typename"], "test/record");
  });

  it("posts a batch as a JSON array, even of one", async () => {
    createSink({ batchMax: 10 });
    assert.equal(sink.writeRecordsMax, 10);
    assert.equal(await sink.write(outboxRecords(3, 5)), 5);
    await sink.write(outboxRecords(6, 6));
    assert.deepEqual(ids(), ["test/out/3-5", "test/out/6"]);
    const [first, second] = received.map(({ body }) => JSON.parse(body));
    assert.deepEqual(
      first.map((record: { sequence: number }) => record.sequence),
      [3, 4, 5],
    );
    assert.deepEqual(second, [{ sequence: 6, typename: "test/record", value: { n: 6 } }]);
  });

  it("tries again while the server fails, with the same id and body", async () => {
    answers = [408, 425, 429, 500, 503].map((code) => status(code));
    createSink();
    await sink.write([outboxRecord(1)]);
    assert.deepEqual(
      ids(),
      Array.from({ length: 6 }, () => "test/out/1"),
    );
    assert.equal(new Set(received.map(({ body }) => body)).size, 1);
    assert.equal(logs("egress retries").length, 1);
    assert.equal(logs("egress goes on").length, 1);
    assert.deepEqual(sink.status?.(), { state: "running", reason: "" });
  });

  it("tries again when the connection breaks before the answer", async () => {
    answers = [(response) => response.destroy()];
    createSink();
    await sink.write([outboxRecord(1)]);
    assert.equal(received.length, 2);
  });

  it("an answer that breaks off behind its status was an answer", async () => {
    answers = [
      (response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("half", () => response.destroy());
      },
    ];
    createSink();
    await sink.write([outboxRecord(1)]);
    await sink.write([outboxRecord(2)]);
    assert.deepEqual(ids(), ["test/out/1", "test/out/2"]);
  });

  it("waits until the server is there", async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    createSink();
    const written = sink.write([outboxRecord(1)]);
    await until(() => sink.status?.().state === "retrying");
    assert.match(sink.status?.().reason ?? "", /ECONNREFUSED/);
    server.listen(port, "127.0.0.1");
    await written;
    assert.deepEqual(ids(), ["test/out/1"]);
  });

  it("an answer that takes too long is a failure", async () => {
    answers = [() => undefined];
    createSink({ timeoutMs: 50 });
    const written = sink.write([outboxRecord(1)]);
    await until(() => sink.status?.().reason === "no answer within timeoutMs 50");
    await written;
    // On a busy machine the next answers take too long as well.
    assert.ok(received.length >= 2);
  });

  it("tells a record without a value from one with an empty value", async () => {
    createSink();
    const records = [null, Buffer.alloc(0)].map((value, index) => ({
      ...outboxRecord(index + 1),
      typename: "a/b",
      value,
    }));
    for (const record of records) await sink.write([record]);
    assert.deepEqual(
      received.map(({ headers, body }) => [headers["statewire-value"], body]),
      [
        ["absent", ""],
        [undefined, ""],
      ],
    );
  });

  it("waits as long as retry-after says", async () => {
    answers = [status(429, { "retry-after": "1" })];
    createSink();
    await sink.write([outboxRecord(1)]);
    const [first, second] = received;
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(second.atMs - first.atMs >= 990, `${second.atMs - first.atMs} ms`);
  });

  for (const code of [301, 400, 401, 404, 422]) {
    it(`stops at ${code}, says so, and holds the record until it is closed`, async () => {
      answers = [status(code, { location: "/elsewhere" })];
      createSink();
      const ended = assert.rejects(sink.write([outboxRecord(1)]), /egress test\/out is closed/);
      await until(() => sink.status?.().state === "stopped");
      assert.match(sink.status?.().reason ?? "", new RegExp(`^answer ${code} `));
      assert.equal(logs("egress stopped").length, 1);
      await sink.close();
      await ended;
      assert.equal(received.length, 1);
    });
  }

  it("drops what the server refuses when told so, and goes on", async () => {
    answers = [status(400)];
    createSink({ rejectedRecords: "drop" });
    assert.equal(await sink.write([outboxRecord(1)]), 1);
    assert.equal(await sink.write([outboxRecord(2)]), 2);
    assert.deepEqual(ids(), ["test/out/1", "test/out/2"]);
    const [dropped] = logs("records dropped");
    assert.ok(dropped?.includes('"record":"test/out/1"') && dropped.includes("400 Bad Request"));
  });

  it("closing ends a wait for the next attempt, and a request that is under way", async () => {
    answers = [status(503, { "retry-after": "3600" })];
    createSink();
    const waiting = assert.rejects(sink.write([outboxRecord(1)]));
    await until(() => sink.status?.().state === "retrying");
    await sink.close();
    await waiting;
    answers = [() => undefined];
    createSink();
    const posting = assert.rejects(sink.write([outboxRecord(1)]), /egress test\/out is closed/);
    await until(() => received.length === 2);
    await sink.close();
    await posting;
  });

  describe("secrets", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a reference to a secret.
    const headers = new Map([["authorization", secret("Bearer ${TOKEN}")]]);

    it("are sent, and never logged", async () => {
      answers = [status(503), status(400)];
      createSink({ headers, rejectedRecords: "drop" }, { TOKEN: "s3cret" });
      await sink.write([outboxRecord(1)]);
      assert.equal(received[0]?.headers.authorization, "Bearer s3cret");
      assert.ok(logged.length > 0 && !logged.some((line) => line.includes("s3cret")));
      assert.ok(!logged.some((line) => line.includes("key=1")), "the query may hold one, too");
    });

    it("that are missing or unusable are named by their place", () => {
      createSink();
      assert.throws(() => createSink({ headers }), /TOKEN is not set/);
      assert.throws(
        () => createSink({ headers }, { TOKEN: "a\nb" }),
        /header authorization of egress test\/out holds what no header can: Bearer \$\{TOKEN\}/,
      );
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a reference to a secret.
      const hidden = secret("${URL}");
      assert.throws(
        () => createSink({ url: hidden }, { URL: "ftp://s3cret" }),
        /^Error: url \$\{URL\} of egress test\/out is not one of http or https$/,
      );
    });
  });
});

describe("parseRetryAfter", () => {
  it("reads seconds and dates, and nothing longer than an hour", () => {
    const now = Date.parse("Wed, 21 Oct 2015 07:28:00 GMT");
    assert.equal(parseRetryAfter("120", now), 120_000);
    assert.equal(parseRetryAfter("Wed, 21 Oct 2015 07:28:05 GMT", now), 5000);
    assert.equal(parseRetryAfter("Wed, 21 Oct 2015 07:27:00 GMT", now), 0);
    assert.equal(parseRetryAfter("86400", now), 3_600_000);
    assert.equal(parseRetryAfter("soon", now), 0);
    assert.equal(parseRetryAfter(undefined, now), 0);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
