/*
 * Goal: what StateFun's documentation does with curl works on StateFun's playground kinds, and nothing
 * is lost when the node dies. Method: the real command in a process, killed and started again, real
 * function servers, real HTTP.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { egress, type FunctionServer, serve, state, statefulFunction, types } from "@statewire/sdk";
import { StatewireProcess } from "./support/statewire-process.js";

interface EgressRecord {
  readonly topic: unknown;
  readonly payload: unknown;
}

const records = egress(
  "io.statefun.playground/egress",
  types.json<EgressRecord>("io.statefun.playground/EgressRecord"),
);
const Greet = types.json<{ name: string }>("example/GreetRequest");

/** Greets with a count; "another" goes to another topic, "nowhere" to one that does not exist. */
const person = statefulFunction("example/person", {
  states: { visits: state(types.int) },
  accepts: Greet,
  handle(ctx, { name }) {
    const visits = (ctx.state.visits.get() ?? 0) + 1;
    ctx.state.visits.set(visits);
    const topic = ["another", "nowhere"].includes(name) ? name : "greetings";
    ctx.egress(records, { topic, payload: `${name} ${visits}` });
  },
});
const raw = statefulFunction("example/raw", {
  handle(ctx, { typename, value }) {
    const text = Buffer.from(value ?? []).toString("latin1");
    ctx.egress(records, { topic: "greetings", payload: `${typename} ${text}` });
  },
});

interface Answer {
  readonly code: number | undefined;
  readonly status: unknown;
  readonly body: string;
}

const greetType = "application/vnd.example/GreetRequest";

describe("StateFun's playground", () => {
  let server: FunctionServer;
  let directory: string;
  let node: StatewireProcess;
  let ingress: string;
  let egressAddress: string;

  const module = () => `kind: statewire.endpoints.v1/grpc
spec: {functions: example/*, address: "${server.address}"}
---
kind: io.statefun.playground.v1/ingress
spec: {port: 0}
---
kind: io.statefun.playground.v1/egress
spec: {port: 0, topics: [greetings, another]}
`;
  const start = async (): Promise<void> => {
    node = new StatewireProcess({ module: module(), directory });
    const { playground } = await node.ready();
    ingress = playground["ingress"] ?? "";
    egressAddress = playground["egress"] ?? "";
  };
  const put = (path: string, body: string | Buffer, type?: string, method = "PUT") =>
    ask(`http://${ingress}${path}`, { method, body, type });
  const get = (path: string, method = "GET") => ask(`http://${egressAddress}${path}`, { method });
  const greet = async (name: string): Promise<void> => {
    const answer = await put("/example/person/Bob", JSON.stringify({ name }), greetType);
    assert.deepEqual(answer, { code: 200, status: "200", body: "" });
  };
  /** Records come when they are durable: asks until one is there. */
  const next = async (path: string): Promise<string> => {
    for (;;) {
      const answer = await get(path);
      if (answer.code === 200) {
        assert.equal(answer.status, "200");
        return answer.body;
      }
      assert.deepEqual(answer, { code: 404, status: "404", body: "" });
    }
  };

  before(async () => {
    server = await serve([person, raw], { address: "127.0.0.1:0", onEvent: () => undefined });
  });
  after(() => server.close());
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-playground-"));
    await start();
  });
  afterEach(async () => {
    await node.kill();
    rmSync(directory, { recursive: true });
  });

  it("takes messages and hands records out, one for each GET, in order", async () => {
    await greet("Bob");
    await greet("Bob");
    assert.equal(await next("/greetings"), "Bob 1");
    assert.equal(await next("/greetings"), "Bob 2");
    assert.deepEqual(await get("/greetings"), { code: 404, status: "404", body: "" });
  });

  it("hands each record to one of many that ask at a time", async () => {
    for (let count = 0; count < 8; count++) await greet("Bob");
    const bodies = await Promise.all(Array.from({ length: 8 }, () => next("/greetings")));
    assert.deepEqual(
      bodies.sort(),
      Array.from({ length: 8 }, (_, index) => `Bob ${index + 1}`),
    );
  });

  it("loses no record and no message when the node is killed, and repeats none that was taken", async () => {
    await greet("Bob");
    await greet("another");
    await greet("Bob");
    assert.equal(await next("/greetings"), "Bob 1");
    // What was taken is acknowledged before this is taken, so it is durable when this is.
    await greet("Bob");
    await node.kill();
    await start();
    await greet("Bob");
    assert.equal(await next("/greetings"), "Bob 3");
    assert.equal(await next("/greetings"), "Bob 4");
    assert.equal(await next("/greetings"), "Bob 5");
    assert.equal(await next("/another"), "another 2");
  }).timeout(60_000);

  it("keeps a topic that nobody reads from holding up the others", async () => {
    for (let count = 0; count < 1100; count += 100) {
      await Promise.all(Array.from({ length: 100 }, () => greet("another")));
    }
    await greet("Bob");
    assert.equal(await next("/greetings"), "Bob 1101");
    for (let count = 1; count <= 1100; count++) {
      assert.equal(await next("/another"), `another ${count}`);
    }
  }).timeout(120_000);

  it("takes any method, and gives the body its typename as StateFun does", async () => {
    const bytes = Buffer.from("0d01ff", "hex");
    const cases: [string, string | undefined, string][] = [
      ["PUT", undefined, "io.statefun.types/string"],
      ["POST", "text/plain", "io.statefun.types/string"],
      ["PATCH", "application/json", "io.statefun.types/string"],
      ["DELETE", "application/vnd.a/b", "a/b"],
      ["PUT", "application/vnd.io.statefun.types/int", "io.statefun.types/int"],
    ];
    for (const [method, type, typename] of cases) {
      const answer = await put("/example/raw/x%2Fy", bytes, type, method);
      assert.deepEqual(answer, { code: 200, status: "200", body: "" });
      assert.equal(await next("/greetings"), `${typename} ${bytes.toString("latin1")}`);
    }
    await put("/example/raw/x", "", "application/vnd.a/b");
    assert.equal(await next("/greetings"), "a/b ");
  });

  const refusals: [string, string, number, RegExp][] = [
    ["a path with two parts", "/example/person", 400, /is not \/NAMESPACE\/TYPE\/ID/],
    ["a path with four parts", "/example/person/Bob/x", 400, /is not \/NAMESPACE\/TYPE\/ID/],
    ["a path that is not UTF-8", "/example/person/%ff", 400, /not percent-encoded UTF-8/],
    ["a function type that nobody serves", "/nobody/serves/this", 404, /nobody\/serves/],
  ];
  for (const [what, path, code, message] of refusals) {
    it(`refuses ${what} with ${code}, and 500 in the header`, async () => {
      const answer = await put(path, "x");
      assert.deepEqual([answer.code, answer.status], [code, "500"]);
      assert.match(answer.body, message);
    });
  }

  it("refuses a message that is too large with 413", async () => {
    const answer = await put("/example/raw/x", Buffer.alloc(1024 * 1024 + 1));
    assert.deepEqual([answer.code, answer.status], [413, "500"]);
    assert.match(answer.body, /message of 1048577 bytes exceeds valueBytesMax 1048576/);
  });

  it("refuses a topic that does not exist, and other methods than GET, which take nothing", async () => {
    await greet("Bob");
    const unknown = await get("/nowhere");
    assert.deepEqual([unknown.code, unknown.status], [404, "405"]);
    assert.match(unknown.body, /known: greetings, another/);
    for (const method of ["HEAD", "POST", "DELETE"]) {
      const answer = await get("/greetings", method);
      assert.deepEqual([answer.code, answer.status], [405, "405"]);
    }
    assert.equal(await next("/greetings"), "Bob 1");
  });

  it("parks the address whose record names no topic, and nobody else", async () => {
    await greet("nowhere");
    await node.logged("unknown egress io.statefun.playground/egress/nowhere");
    const body = JSON.stringify({ name: "Eve" });
    await put("/example/person/Eve", body, greetType);
    assert.equal(await next("/greetings"), "Eve 1");
  });

  it("gives a record again whose reader was gone before it came", async () => {
    await greet("Bob");
    await greet("Bob");
    assert.equal(await next("/greetings"), "Bob 1");
    const gone = httpRequest(`http://${egressAddress}/greetings`).end();
    gone.on("error", () => undefined);
    gone.destroy();
    assert.equal(await next("/greetings"), "Bob 2");
  });
});

async function ask(
  url: string,
  init: {
    readonly method: string;
    readonly body?: string | Buffer;
    readonly type?: string | undefined;
  },
): Promise<Answer> {
  const { method, body, type } = init;
  const headers: Record<string, string> = {};
  if (type !== undefined) headers["content-type"] = type;
  // Node sends no length by itself for a method that seldom has a body.
  if (body !== undefined) headers["content-length"] = String(Buffer.byteLength(body));
  const request = httpRequest(url, { method, headers });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks = await response.toArray();
  return {
    code: response.statusCode,
    status: response.headers["status"],
    body: Buffer.concat(chunks).toString(),
  };
}
