import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import type { Invocation } from "@statewire/protos/statewire/v1/stream.js";
import type { Settings } from "../src/settings.js";
import type { ScriptedStream } from "./support/process-function-server.js";
import { ScriptedDialler, ScriptedServer } from "./support/process-function-server.js";
import { LocalNode } from "./support/process-node.js";

// Goal: a whole node keeps its promises to messages whatever function servers do. Method: a real node
// in this process, real sockets, servers that a test drives frame by frame.

const open = { window: { invocations: 100, bytes: 1_000_000 } };

const smallFrames = { frameBytesMax: 16 * 1024, valueBytesMax: 4096 };

interface Endpoint {
  readonly functions: string;
  readonly servers: readonly ScriptedServer[];
}

function texts(invocation: Invocation): string[] {
  return invocation.inputs.map(({ value }) => Buffer.from(value ?? []).toString());
}

describe("a node and its function servers", () => {
  let directory = "";
  let node: LocalNode;
  const servers: ScriptedServer[] = [];
  const diallers: ScriptedDialler[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-dispatch-"));
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    for (const dialler of diallers.splice(0)) dialler.close();
    await node.stop();
    rmSync(directory, { recursive: true });
  });

  async function listen(): Promise<ScriptedServer> {
    const server = await ScriptedServer.listen();
    servers.push(server);
    return server;
  }

  async function start(...parts: (Endpoint | Partial<Settings>)[]) {
    const endpoints = parts.filter((part) => "servers" in part);
    const settings = Object.assign({}, ...parts.filter((part) => !("servers" in part)));
    const module = endpoints
      .map(
        ({ functions, servers }) => `kind: statewire.endpoints.v1/grpc
spec:
  functions: ${functions}
  addresses: [${servers.map(({ address }) => `"${address}"`).join(", ")}]
  retry: {initialBackoff: 10 ms, maxBackoff: 50 ms, jitter: 0}
`,
      )
      .join("---\n");
    node = await LocalNode.start({ module, directory, settings });
  }

  /** A node with one server, whose stream is open. */
  async function startWithOne(welcome: Parameters<ScriptedStream["welcomeWith"]>[0]) {
    const server = await listen();
    await start({ functions: "example/*", servers: [server] });
    const stream = await server.stream();
    await stream.welcomeWith({ functions: [{ typeName: "example/a" }], ...welcome });
    await node.logged("endpoint ready");
    return { server, stream };
  }

  it("gives the messages of a server that died to the other of its type, in order", async () => {
    const [first, second] = [await listen(), await listen()];
    await start({ functions: "example/*", servers: [first, second] });
    const streams = await Promise.all(
      [first, second].map(async (server) => {
        const stream = await server.stream();
        await stream.welcome("example/a");
        return stream;
      }),
    );
    await node.logged("endpoint ready", 2);
    await node.send("example/a/x", "1");
    const arriving = streams.map((stream) => stream.invocation());
    const holder = await Promise.race(arriving.map((invocation, at) => invocation.then(() => at)));
    for (const text of ["2", "3", "4"]) await node.send("example/a/x", text);
    (holder === 0 ? first : second).close();
    const invocation = await arriving[1 - holder];
    const survivor = streams[1 - holder];
    assert.ok(invocation !== undefined);
    assert.deepEqual(texts(invocation), ["1", "2", "3", "4"]);
    assert.equal(invocation.attempt, 0, "a lost stream says nothing about the messages");
    survivor?.results({ invocationId: invocation.invocationId });
  });

  it("sends again what was in flight on a stream that was lost, and applies it once", async () => {
    const { server, stream } = await startWithOne(open);
    const reply = node.call("example/a/x", "question");
    await stream.invocation();
    stream.cut();
    const again = await server.stream();
    await again.welcome("example/a");
    const { invocationId } = await again.invocation();
    const answer = (text: string) => ({
      invocationId,
      replies: [{ input: 0, typename: "example/text", value: Buffer.from(text) }],
    });
    again.results(answer("first"), answer("second"));
    assert.equal(await reply, "first");
  });

  it("lets a draining server finish, ends its stream, and uses the next one", async () => {
    const { server, stream } = await startWithOne(open);
    const reply = node.call("example/a/x", "before");
    const { invocationId } = await stream.invocation();
    stream.write({ $case: "drain", value: { reason: "upgrade" } });
    await node.logged("endpoint draining");
    await node.send("example/a/y", "after");
    stream.results({
      invocationId,
      replies: [{ input: 0, typename: "example/text", value: Buffer.from("done") }],
    });
    assert.equal(await reply, "done");
    assert.equal((await stream.ended()).details, "half-closed");
    assert.deepEqual(stream.waiting, [], "nothing new was sent on it");
    stream.end();
    const next = await server.stream();
    await next.welcome("example/a");
    const invocation = await next.invocation();
    assert.deepEqual(texts(invocation), ["after"]);
    next.results({ invocationId: invocation.invocationId });
  });

  it("drains before it stops: what is in flight is done, what waits stays", async () => {
    const { stream } = await startWithOne({ window: { invocations: 1, bytes: 1000 } });
    await node.send("example/a/x", "in flight");
    const { invocationId } = await stream.invocation();
    await node.send("example/a/y", "waits");
    const stopped = node.stop();
    assert.equal((await stream.next("drain")).reason, "the runtime is stopping");
    stream.results({ invocationId });
    assert.equal((await stream.ended()).details, "half-closed");
    stream.end();
    await stopped;
    assert.deepEqual(stream.waiting, []);

    const [server] = servers;
    assert.ok(server !== undefined);
    await start({ functions: "example/*", servers: [server] });
    const again = await server.stream();
    await again.welcome("example/a");
    const invocation = await again.invocation();
    assert.deepEqual([invocation.id, texts(invocation)], ["y", ["waits"]]);
    again.results({ invocationId: invocation.invocationId });
  });

  it("ends the stream of a server that breaks the protocol, and serves the others", async () => {
    const [bad, good] = [await listen(), await listen()];
    await start({ functions: "bad/*", servers: [bad] }, { functions: "good/*", servers: [good] });
    const badStream = await bad.stream();
    await badStream.welcome("bad/a");
    const goodStream = await good.stream();
    await goodStream.welcome("good/a");
    await node.logged("endpoint ready", 2);
    await node.send("bad/a/x", "1");
    const { invocationId } = await badStream.invocation();
    badStream.results({ invocationId, stateChanges: [{ state: 7 }] });
    assert.equal((await badStream.next("error")).clause, "STATE-4");
    const line = await node.logged("endpoint rejected");
    assert.match(String(line["reason"]), /the server broke \[STATE-4\]: .*7 of 0/);
    const reply = node.call("good/a/x", "still there?");
    const invocation = await goodStream.invocation();
    goodStream.results({
      invocationId: invocation.invocationId,
      replies: [{ input: 0, typename: "example/text", value: Buffer.from("yes") }],
    });
    assert.equal(await reply, "yes");
  });

  it("refuses one result, and nothing else of the stream suffers [RESULT-5]", async () => {
    const { stream } = await startWithOne(open);
    const refused = node.call("example/a/x", "1");
    const accepted = node.call("example/a/y", "1");
    const invocations = await stream.invocations(2);
    const reply = { input: 0, typename: "example/text", value: Buffer.from("fine") };
    stream.results(
      ...invocations.map(({ invocationId, id }) =>
        id === "x" ? { invocationId, replies: [reply, reply] } : { invocationId, replies: [reply] },
      ),
    );
    await assert.rejects(refused, /REPLY-2/);
    assert.equal(await accepted, "fine");
  });

  it("refuses a table that contradicts the state it keeps [TABLE-4]", async () => {
    const table = (typename: string) => [
      { typeName: "example/a", states: [{ name: "count", typename }] },
    ];
    const { server, stream } = await startWithOne({ functions: table("example/int") });
    await node.send("example/a/x", "1");
    const { invocationId } = await stream.invocation();
    stream.results({ invocationId, stateChanges: [{ state: 0, value: Buffer.from("1") }] });
    stream.cut();
    const other = await server.stream();
    await other.welcomeWith({ functions: table("example/text") });
    const error = await other.next("error");
    assert.equal(error.clause, "TABLE-4");
    assert.match(error.message, /count.*example\/text.*example\/int/);
  });

  it("serves a function server that dials in, beside one that is dialled", async () => {
    const { stream } = await startWithOne(open);
    const dialler = new ScriptedDialler(node.node.grpcAddress);
    diallers.push(dialler);
    await dialler.stream.welcome("other/b");
    await node.logged("function server attached");
    await node.send("example/a/x", "to b");
    const { invocationId } = await stream.invocation();
    stream.results({
      invocationId,
      sends: [{ typeName: "other/b", id: "y", typename: "example/text", value: Buffer.from("hi") }],
    });
    const invocation = await dialler.stream.invocation();
    assert.deepEqual([invocation.id, texts(invocation)], ["y", ["hi"]]);
    dialler.stream.results({ invocationId: invocation.invocationId });
    await node.stop();
    assert.equal((await dialler.stream.ended()).code, status.OK);
    await start({ functions: "example/*", servers });
  });

  it("keeps messages for a declared function server that has yet to dial in", async () => {
    const module = `kind: statewire.endpoints.v1/grpc
spec: {functions: other/*, dialIn: true, timeout: 1234 ms}
`;
    node = await LocalNode.start({ module, directory });
    await node.send("other/b/y", "early");
    await assert.rejects(node.send("example/a/x", "lost"), { code: status.NOT_FOUND });
    const dialler = new ScriptedDialler(node.node.grpcAddress);
    diallers.push(dialler);
    await dialler.stream.welcome("other/b");
    const invocation = await dialler.stream.invocation();
    assert.deepEqual([invocation.id, texts(invocation)], ["y", ["early"]]);
    assert.equal(invocation.timeoutMs, 1234);
    dialler.stream.results({ invocationId: invocation.invocationId });
  });

  it("sends nothing into a window of 0, and all of it when the window opens [CREDIT-2]", async () => {
    const { stream } = await startWithOne({ window: undefined });
    await node.send("example/a/x", "1");
    await node.send("example/a/y", "2");
    assert.deepEqual(stream.waiting, []);
    stream.write({ $case: "window", value: { invocations: 1, bytes: 1000 } });
    const first = await stream.invocation();
    assert.deepEqual(stream.waiting, []);
    stream.results({ invocationId: first.invocationId });
    const second = await stream.invocation();
    assert.deepEqual([texts(first), texts(second)], [["1"], ["2"]]);
    stream.results({ invocationId: second.invocationId });
  });

  it("cuts a long line of small messages into frames that fit [LIMIT-10]", async () => {
    const server = await listen();
    await start({ functions: "example/*", servers: [server] }, smallFrames);
    const stream = await server.stream();
    await stream.welcomeWith({ functions: [{ typeName: "example/a" }], window: undefined });
    await node.logged("endpoint ready");
    const sent = Array.from({ length: 1000 }, (_, at) => `${at}`);
    await Promise.all(sent.map((text) => node.send("example/a/x", text)));
    stream.write({ $case: "window", value: { invocations: 10, bytes: 1_000_000 } });
    const received: string[] = [];
    while (received.length < sent.length) {
      const invocation = await stream.invocation();
      received.push(...texts(invocation));
      stream.results({ invocationId: invocation.invocationId });
    }
    assert.deepEqual(received, sent);
  });

  it("keeps to the entry's own limit, whatever the window [CREDIT-3]", async () => {
    const { stream } = await startWithOne({
      functions: [{ typeName: "example/a", inFlightMax: 2 }],
      ...open,
    });
    for (const id of ["1", "2", "3"]) await node.send(`example/a/${id}`, id);
    const [first] = await stream.invocations(2);
    assert.deepEqual(stream.waiting, []);
    stream.results({ invocationId: first?.invocationId ?? 0 });
    assert.deepEqual(texts(await stream.invocation()), ["3"]);
  });

  it("returns result credit with what it sends, over more results than the balance", async () => {
    const { stream } = await startWithOne(open);
    let returned = 0;
    const bytes = 900_000;
    for (let round = 0; round < 90; round++) {
      const reply = node.call("example/a/x", `${round}`);
      const batch = await stream.next("invocations");
      returned += batch.resultCreditBytes;
      const value = Buffer.alloc(bytes, round);
      const invocationId = batch.invocations[0]?.invocationId ?? 0;
      stream.results({ invocationId, replies: [{ input: 0, typename: "example/text", value }] });
      assert.equal((await reply).length, bytes);
    }
    assert.ok(returned >= 88 * bytes, `${returned} bytes came back`);
  });

  it("answers lazy states as they were, and eager ones in the invocation [LAZY-3]", async () => {
    const { stream } = await startWithOne({
      functions: [
        {
          typeName: "example/a",
          states: [
            { name: "lazy", typename: "example/text", lazy: true },
            { name: "eager", typename: "example/text" },
            { name: "never", typename: "example/text", lazy: true },
          ],
        },
      ],
      features: ["lazy-state"],
      ...open,
    });
    await node.send("example/a/x", "1");
    const first = await stream.invocation();
    assert.deepEqual(first.states, []);
    stream.results({
      invocationId: first.invocationId,
      stateChanges: [
        { state: 0, value: Buffer.from("lazy value") },
        { state: 1, value: Buffer.from("eager value") },
      ],
    });
    await node.send("example/a/x", "2");
    const { invocationId, states } = await stream.invocation();
    assert.deepEqual(
      states.map(({ state, value }) => [state, String(value)]),
      [[1, "eager value"]],
    );
    stream.write({
      $case: "stateRequest",
      value: { invocationId, states: [2, 0], leaseMissing: false },
    });
    const reply = await stream.next("stateReply");
    assert.equal(reply.invocationId, invocationId);
    assert.deepEqual(
      reply.states.map(({ state, value }) => [state, value?.toString()]),
      [
        [2, undefined],
        [0, "lazy value"],
      ],
    );
    stream.write({
      $case: "stateRequest",
      value: { invocationId: 999, states: [0], leaseMissing: false },
    });
    stream.results({ invocationId });
    await node.send("example/a/x", "3");
    await stream.invocation();
    assert.deepEqual(stream.waiting, [], "no reply for an invocation that is not in flight");
  });

  it("names a lease instead of state, and sends the state when it is missing [LEASE-3]", async () => {
    const { server, stream } = await startWithOne({
      functions: [{ typeName: "example/a", states: [{ name: "count", typename: "example/text" }] }],
      features: ["leases"],
      leasedAddressesMax: 10,
      ...open,
    });
    await node.send("example/a/x", "1");
    const first = await stream.invocation();
    assert.equal(first.lease, 0);
    stream.results({
      invocationId: first.invocationId,
      stateChanges: [{ state: 0, value: Buffer.from("one") }],
    });
    await node.send("example/a/x", "2");
    const second = await stream.invocation();
    assert.equal(second.lease, first.invocationId);
    assert.deepEqual(second.states, []);
    const { invocationId } = second;
    stream.write({
      $case: "stateRequest",
      value: { invocationId, states: [], leaseMissing: true },
    });
    const { states } = await stream.next("stateReply");
    assert.deepEqual(
      states.map(({ state, value }) => [state, String(value)]),
      [[0, "one"]],
    );
    stream.results({ invocationId, failure: { message: "no", retryable: true } });
    const third = await stream.invocation();
    assert.equal(third.lease, 0, "a failure ends the lease");
    assert.equal(String(third.states[0]?.value), "one");
    assert.equal(third.attempt, 1);
    stream.results({ invocationId: third.invocationId });
    await node.send("example/a/x", "3");
    assert.equal((await stream.invocation()).lease, third.invocationId);
    stream.cut();
    const again = await server.stream();
    await again.welcomeWith({
      functions: [{ typeName: "example/a", states: [{ name: "count", typename: "example/text" }] }],
      features: ["leases"],
      leasedAddressesMax: 10,
      ...open,
    });
    const fourth = await again.invocation();
    assert.equal(fourth.lease, 0, "leases end with their stream");
    assert.equal(String(fourth.states[0]?.value), "one");
  });

  it("calls by type indexes that it has defined, and understands them in sends", async () => {
    const { stream } = await startWithOne({ functions: [{ typeName: "example/*" }], ...open });
    await node.send("example/first/x", "1");
    const batch = await stream.next("invocations");
    assert.deepEqual(batch.types, [{ index: 2, typeName: "example/first", entry: 1 }]);
    const [first] = batch.invocations;
    assert.equal(first?.type, 2);
    stream.results({
      invocationId: first?.invocationId ?? 0,
      sends: [
        { typeName: "example/second", id: "y", typename: "example/text" },
        { type: 2, id: "z", typename: "example/text" },
      ],
    });
    const seen = new Map<string, Invocation>();
    const names = new Map([[2, "example/first"]]);
    while (seen.size < 2) {
      const { types, invocations } = await stream.next("invocations");
      for (const { index, typeName } of types) names.set(index, typeName);
      for (const each of invocations) seen.set(`${names.get(each.type)}/${each.id}`, each);
    }
    assert.deepEqual([...seen.keys()].sort(), ["example/first/z", "example/second/y"]);
    const input = seen.get("example/second/y")?.inputs[0];
    assert.deepEqual([input?.callerType, input?.callerId], [2, "x"]);
  });
});
