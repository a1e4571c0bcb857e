import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { Welcome } from "@statewire/protos/statewire/v1/stream.js";
import { Result, ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import { announced, endpointSpec, LoneDispatcher } from "../../test/support/process-dispatcher.js";
import type { ScriptedStream } from "../../test/support/process-function-server.js";
import { ScriptedServer } from "../../test/support/process-function-server.js";

// Goal: what an endpoint does with servers that are away, late, wrong or broken: its commands, its
// status and its log. Method: real sockets, servers that a test drives frame by frame.

describe("Endpoint", () => {
  let lone: LoneDispatcher;
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await ScriptedServer.listen();
  });

  afterEach(() => {
    lone.close();
    server.close();
  });

  function dial(...functions: string[]): void {
    lone = new LoneDispatcher([endpointSpec(server.address, ...functions)]);
  }

  function status() {
    const [only] = lone.dispatcher.statuses();
    assert.ok(only !== undefined);
    return only;
  }

  function states(): string[] {
    return lone.log.map(({ msg }) => msg);
  }

  /** A stream whose handshake is complete. */
  async function open(...types: string[]): Promise<ScriptedStream> {
    const stream = await server.stream();
    await stream.welcome(...(types.length === 0 ? ["example/a"] : types));
    await lone.until(() => status().state === "ready");
    return stream;
  }

  /** The server is told the clause, the stream ends, and the log and the status say why. */
  async function assertRejected(stream: ScriptedStream, clause: string): Promise<void> {
    const error = await stream.next("error");
    assert.equal(error.clause, clause, error.message);
    await stream.ended();
    await lone.until(() => status().state === "rejected");
    assert.match(status().reason, new RegExp(`the server broke \\[${clause}\\]: .`));
    assert.equal(lone.log.at(-1)?.msg, "endpoint rejected");
    assert.match(String(lone.log.at(-1)?.["reason"]), new RegExp(clause));
  }

  it("attaches what the server offers, with its window and leases", async () => {
    dial();
    const stream = await server.stream();
    const hello = await stream.welcomeWith({
      functions: [{ typeName: "example/a" }, { typeName: "example/b", inFlightMax: 3 }],
      features: ["leases"],
      leasedAddressesMax: 7,
      window: { invocations: 5, bytes: 500 },
      sdkName: "scripted",
      sdkVersion: "1",
    });
    assert.deepEqual(hello.limits, announced);
    const { functions, window, leasesMax } = await lone.command("sessionAttached");
    assert.deepEqual(
      functions.map(({ pattern, inFlightMax }) => [pattern, inFlightMax]),
      [
        ["example/a", 0],
        ["example/b", 3],
      ],
    );
    assert.deepEqual(window, { invocations: 5, bytes: 500 });
    assert.equal(leasesMax, 7);
    await lone.until(() => status().state === "ready");
    assert.deepEqual(states(), ["endpoint ready"]);
    assert.equal(status().sdk, "scripted 1");
  });

  it("says once that a server is away, and once that it is back", async () => {
    const { port } = server;
    server.close();
    dial();
    await lone.until(() => status().state === "backing-off");
    // Several attempts fail meanwhile; the log must not hold a line for each.
    await setTimeout(300);
    server = await ScriptedServer.listen(port);
    await open();
    assert.deepEqual(states(), ["endpoint backing-off", "endpoint ready"]);
    assert.equal(lone.log[0]?.["reason"], `connect ECONNREFUSED 127.0.0.1:${port}`);
  });

  it("dials again when a stream is lost, and detaches what it had", async () => {
    dial();
    const first = await open();
    first.cut();
    const { session } = await lone.command("sessionDetached");
    await open();
    const { session: second } = await lone.command("sessionAttached", 2);
    assert.ok(second > session);
    assert.deepEqual(states(), ["endpoint ready", "endpoint backing-off", "endpoint ready"]);
    assert.equal(lone.dispatcher.openCount, 1);
  });

  it("gives up a handshake that takes too long, says so and dials again [HELLO-9]", async () => {
    lone = new LoneDispatcher([endpointSpec(server.address)], 50);
    const silent = await server.stream();
    await silent.next("hello");
    await silent.ended();
    await server.stream();
    assert.deepEqual(states(), ["endpoint backing-off"]);
    assert.equal(status().reason, "no Welcome within 50 ms");
    assert.deepEqual(lone.commands, []);
  });

  it("reports a server that speaks no common version, in its words [HELLO-6] [ERROR-6]", async () => {
    dial();
    const stream = await server.stream();
    await stream.next("hello");
    stream.write({ $case: "error", value: { clause: "HELLO-3", message: "I speak 7, you 1" } });
    stream.end();
    await lone.until(() => status().state === "rejected");
    assert.equal(status().reason, "the server reports [HELLO-3]: I speak 7, you 1");
    assert.deepEqual(lone.commands, []);
  });

  const badWelcomes: [string, Parameters<typeof Welcome.create>[0]][] = [
    ["HELLO-3", { version: 9, functions: [{ typeName: "example/a" }] }],
    ["HELLO-4", { features: ["teleport"], functions: [{ typeName: "example/a" }] }],
    ["TABLE-11", {}],
    ["TABLE-2", { functions: [{ typeName: "example" }] }],
  ];
  for (const [clause, welcome] of badWelcomes) {
    it(`ends the stream of a Welcome that breaks ${clause}`, async () => {
      dial();
      const stream = await server.stream();
      await stream.welcomeWith(welcome);
      await assertRejected(stream, clause);
      assert.deepEqual(lone.commands, [], "nothing was attached");
    });
  }

  it("ends a stream that begins with anything but Welcome [HELLO-2]", async () => {
    dial();
    const stream = await server.stream();
    await stream.next("hello");
    stream.results({ invocationId: 1 });
    await assertRejected(stream, "HELLO-2");
  });

  const badFrames: [string, string, (stream: ScriptedStream) => void][] = [
    ["a second Welcome", "HELLO-10", (stream) => stream.writeWelcome({})],
    ["a frame of no kind", "FRAME-1", (stream) => stream.writeBytes(Buffer.alloc(0))],
    ["an unknown kind", "FRAME-1", (stream) => stream.writeBytes(Buffer.from([0x4a, 0x00]))],
    ["bytes that are no frame", "FRAME-2", (stream) => stream.writeBytes(Buffer.from([0x0a, 9]))],
    ["torn results", "FRAME-2", (stream) => stream.writeBytes(Buffer.from([0x12, 9, 1]))],
    [
      "a send to a type index that is not assigned",
      "SEND-2",
      (stream) => stream.results({ sends: [{ type: 9, typename: "a/b" }] }),
    ],
    [
      "a state request for nothing",
      "LAZY-5",
      (stream) => stream.write({ $case: "stateRequest", value: request([], false) }),
    ],
    [
      "a state request for a state twice",
      "LAZY-5",
      (stream) => stream.write({ $case: "stateRequest", value: request([1, 1], false) }),
    ],
    [
      "a missing lease with states",
      "LAZY-5",
      (stream) => stream.write({ $case: "stateRequest", value: request([1], true) }),
    ],
    [
      "a state request without the feature",
      "LAZY-1",
      (stream) => stream.write({ $case: "stateRequest", value: request([1], false) }),
    ],
    [
      "a missing lease without the feature",
      "LEASE-4",
      (stream) => stream.write({ $case: "stateRequest", value: request([], true) }),
    ],
    [
      "results beyond the credit",
      "CREDIT-4",
      (stream) => {
        const stateChanges = [{ value: Buffer.alloc(1000) }];
        stream.results({ stateChanges }, { stateChanges: [] });
      },
    ],
  ];
  for (const [what, clause, act] of badFrames) {
    it(`ends the stream at ${what} [${clause}]`, async () => {
      dial();
      const stream = await open();
      act(stream);
      await assertRejected(stream, clause);
      await lone.command("sessionDetached");
      stream.end();
      await lone.dispatcher.whenEmpty(1000);
      assert.equal(lone.dispatcher.openCount, 0);
    });
  }

  it("refuses to ask for more lazy states than a frame can answer [LAZY-6]", async () => {
    dial();
    const stream = await server.stream();
    await stream.welcomeWith({
      functions: [{ typeName: "example/a" }],
      features: ["lazy-state"],
    });
    await lone.command("sessionAttached");
    stream.write({ $case: "stateRequest", value: request([1, 2, 3, 4], false) });
    await lone.command("stateRequested");
    stream.write({ $case: "stateRequest", value: request([1, 2, 3, 4, 5], false) });
    await assertRejected(stream, "LAZY-6");
  });

  it("does not dial again at once after a protocol error [CLOSE-5]", async () => {
    dial();
    const stream = await server.stream();
    await stream.welcomeWith({ version: 9, functions: [{ typeName: "example/a" }] });
    await assertRejected(stream, "HELLO-3");
    const again = server.stream().then(() => "dialled again");
    const patience = setTimeout(300, "waited");
    assert.equal(await Promise.race([again, patience]), "waited");
  });

  it("ends the stream as the core asks, naming the clause [TABLE-4]", async () => {
    dial();
    const stream = await open();
    const { session } = await lone.command("sessionAttached");
    lone.dispatcher.refuse([{ session, clause: "TABLE-4", message: "count is kept as a/b" }]);
    await assertRejected(stream, "TABLE-4");
  });

  it("is not ready before the core has taken its table", async () => {
    dial();
    const stream = await server.stream();
    await stream.welcome("example/a");
    const { session } = await lone.command("sessionAttached");
    lone.dispatcher.refuse([{ session, clause: "TABLE-4", message: "count is kept as a/b" }]);
    await assertRejected(stream, "TABLE-4");
    assert.deepEqual(states(), ["endpoint rejected"]);
  });

  it("binds only what the module names, and says when that is nothing", async () => {
    dial("example/a", "mail/*");
    const stream = await server.stream();
    await stream.welcome("example/a", "example/b", "mail/x", "mail/*");
    const { functions } = await lone.command("sessionAttached");
    assert.deepEqual(
      functions.map(({ pattern }) => pattern),
      ["example/a", "mail/x", "mail/*"],
    );
    stream.cut();
    await lone.command("sessionDetached");
    const other = await server.stream();
    await other.welcome("else/where", "example/*");
    await lone.until(() => status().state === "rejected");
    assert.equal(
      status().reason,
      "it serves else/where, example/*, and the module wants example/a, mail/*",
    );
    assert.deepEqual(status().functions, []);
  });

  it("says that a peer is no function server [ROLE-1]", async () => {
    const other = new Server();
    const port = await new Promise<number>((resolve) => {
      const insecure = ServerCredentials.createInsecure();
      other.bindAsync("127.0.0.1:0", insecure, (_error, bound) => resolve(bound));
    });
    lone = new LoneDispatcher([endpointSpec(`127.0.0.1:${port}`)]);
    await lone.until(() => status().state === "backing-off");
    assert.match(status().reason, /does not implement/i);
    other.forceShutdown();
  });

  it("takes a frame over the limit for a lost stream, and goes on with the next [LIMIT-1]", async () => {
    dial();
    const stream = await open();
    stream.results({ failure: { message: "x".repeat(announced.frameBytesMax) } });
    await lone.command("sessionDetached");
    assert.match(status().reason, /larger than max/);
    await open();
  });

  it("reads results beside fields that it does not know [FRAME-3]", async () => {
    dial();
    const stream = await open();
    const unknown = Buffer.from([0xf8, 0x07, 0x05]);
    const value = { results: [Result.create({ invocationId: 5 })] };
    const frame = Buffer.from(ServerFrame.encode({ frame: { $case: "results", value } }).finish());
    stream.writeBytes(Buffer.concat([unknown, frame]));
    stream.writeBytes(Buffer.concat([frame, unknown]));
    stream.writeBytes(frame);
    const third = await lone.command("results", 3);
    assert.equal(third.results[0]?.invocation, 5);
    assert.equal(status().state, "ready");
  });

  it("returns result credit alone once half of it is out [CREDIT-5]", async () => {
    dial();
    const stream = await open();
    const result = (bytes: number) => ({ stateChanges: [{ value: Buffer.alloc(bytes) }] });
    stream.results(result(400));
    await lone.command("results", 1);
    stream.results(result(101));
    assert.equal((await stream.next("credit")).bytes, 501);
    for (let round = 0; round < 20; round++) {
      stream.results(result(999));
      assert.equal((await stream.next("credit")).bytes, 999);
    }
    assert.equal(status().state, "ready");
  });

  it("counts results that nobody waits for, too [RESULT-6]", async () => {
    dial();
    const stream = await open();
    stream.results({ invocationId: 77, stateChanges: [{ value: Buffer.alloc(600) }] });
    assert.equal((await stream.next("credit")).bytes, 600);
  });

  it("tells the core of a window and of a drain, once [DRAIN-7]", async () => {
    dial();
    const stream = await open();
    stream.write({ $case: "window", value: { invocations: 0, bytes: 0 } });
    stream.write({ $case: "drain", value: { reason: "upgrade" } });
    stream.write({ $case: "drain", value: { reason: "upgrade" } });
    stream.write({ $case: "window", value: { invocations: 3, bytes: 4 } });
    await lone.command("sessionWindow", 2);
    const kinds = lone.commands.map(({ kind }) => kind);
    assert.deepEqual(kinds, [
      "sessionAttached",
      "sessionWindow",
      "sessionDraining",
      "sessionWindow",
    ]);
    assert.equal(status().state, "draining");
    lone.dispatcher.end([(await lone.command("sessionAttached")).session]);
    assert.equal((await stream.ended()).details, "half-closed");
  });

  it("waits with its own drain for a stream that the server is draining", async () => {
    dial();
    const stream = await open();
    stream.write({ $case: "drain", value: { reason: "upgrade" } });
    await lone.command("sessionDraining");
    lone.dispatcher.drain("the runtime is stopping");
    stream.results({ invocationId: 1 });
    await lone.command("results");
    lone.dispatcher.end([1]);
    assert.equal((await stream.ended()).details, "half-closed");
    stream.end();
    await lone.dispatcher.whenEmpty(1000);
    assert.equal(lone.dispatcher.openCount, 0);
  });

  it("has nothing left to wait for when its only server never answered", async () => {
    dial();
    await (await server.stream()).next("hello");
    lone.dispatcher.drain("the runtime is stopping");
    // A wait to the end of its patience would outlast the test.
    await lone.dispatcher.whenEmpty(3_600_000);
    assert.equal(lone.dispatcher.openCount, 0);
  });
});

function request(states: number[], leaseMissing: boolean) {
  return { invocationId: 1, states, leaseMissing };
}
