/*
 * A function server on a real socket. The test plays the runtime: it dials, sends frames of the
 * protocol, and looks at the frames and the status that come back.
 */
import assert from "node:assert/strict";
import { ChannelCredentials, type ClientDuplexStream, status } from "@grpc/grpc-js";
import {
  Failure_Code,
  FunctionServerClient,
  FunctionServerService,
  type Welcome,
} from "@statewire/protos/statewire/v1/stream.js";
import {
  type AnyStatefulFunction,
  FunctionFailure,
  type FunctionServer,
  StatewireError,
  serve,
  state,
  statefulFunction,
  types,
} from "../src/index.js";
import { Events } from "./support/events.js";
import { dial, hello, input, invocations, type RuntimeStream } from "./support/runtime-stream.js";

const counter = statefulFunction("shop/counter", {
  states: { count: state(types.long) },
  accepts: types.long,
  replies: types.long,
  handle(ctx, amount) {
    const count = (ctx.state.count.get() ?? 0n) + amount;
    ctx.state.count.set(count);
    ctx.reply(count);
  },
});

const long = (value: bigint): Buffer => Buffer.from(types.long.encode(value));
const longInput = (value: bigint) => input("io.statefun.types/long", long(value));

/** A promise with its handles outside. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("a served function", () => {
  let events = new Events();
  let cleanups: (() => unknown)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.reverse()) {
      await cleanup();
    }
    cleanups = [];
    events = new Events();
  });

  async function start(
    functions: readonly AnyStatefulFunction[],
  ): Promise<{ server: FunctionServer; stream: RuntimeStream; client: FunctionServerClient }> {
    const server = await serve(functions, {
      address: "127.0.0.1:0",
      drainTimeoutMs: 1000,
      onEvent: events.record,
    });
    cleanups.push(() => server.close());
    const { client, stream } = dial(server.address ?? "");
    cleanups.push(() => {
      stream.cancel();
      client.close();
    });
    return { server, stream, client };
  }

  it("counts the messages of one address, the second time under a lease", async () => {
    const { stream } = await start([counter]);
    const welcome = await stream.greet();
    assert.equal(welcome.sdkName, "statewire-sdk-ts");
    assert.deepEqual(
      welcome.functions.map((spec) => spec.typeName),
      ["shop/counter"],
    );
    const first = { ...longInput(2n), wantsReply: true };
    stream.send(invocations([{ invocationId: 1, type: 1, id: "a", inputs: [first] }]));
    const [result] = await stream.nextResults(1);
    assert.deepEqual(result?.stateChanges, [{ state: 0, value: long(2n) }]);
    assert.deepEqual(result?.replies, [
      { input: 0, typename: "io.statefun.types/long", value: long(2n) },
    ]);
    stream.send(
      invocations([{ invocationId: 2, type: 1, id: "a", lease: 1, inputs: [longInput(3n)] }]),
    );
    const [second] = await stream.nextResults(1);
    assert.deepEqual(second?.stateChanges, [{ state: 0, value: long(5n) }]);
    assert.deepEqual(second?.replies, []);
  });

  it("asks for the state of a lease that it does not hold", async () => {
    const { stream } = await start([counter]);
    await stream.greet();
    stream.send(
      invocations([{ invocationId: 9, type: 1, id: "a", lease: 4, inputs: [longInput(3n)] }]),
    );
    assert.deepEqual(await stream.next("stateRequest"), {
      invocationId: 9,
      states: [],
      leaseMissing: true,
    });
    const states = [{ state: 0, value: long(39n) }];
    stream.send({ frame: { $case: "stateReply", value: { invocationId: 9, states } } });
    const [result] = await stream.nextResults(1);
    assert.deepEqual(result?.stateChanges, [{ state: 0, value: long(42n) }]);
  });

  it("answers the invocations of one frame in one frame", async () => {
    const { stream } = await start([counter]);
    await stream.greet();
    const many = Array.from({ length: 50 }, (_, index) => ({
      invocationId: index + 1,
      type: 1,
      id: `${index}`,
      inputs: [longInput(1n)],
    }));
    stream.send(invocations(many));
    assert.equal((await stream.next("results")).results.length, 50);
  });

  it("reads a lazy state while other addresses go on", async () => {
    const profile = statefulFunction("shop/profile", {
      states: { name: state(types.string, { lazy: true }) },
      accepts: types.bool,
      replies: types.string,
      async handle(ctx, read) {
        ctx.reply(read ? ((await ctx.state.name.get()) ?? "nobody") : "not read");
      },
    });
    const { stream } = await start([profile]);
    await stream.greet();
    const ask = (read: boolean) => [
      input("io.statefun.types/bool", types.bool.encode(read), { wantsReply: true }),
    ];
    stream.send(
      invocations([
        { invocationId: 1, type: 1, id: "a", inputs: ask(true) },
        { invocationId: 2, type: 1, id: "b", inputs: ask(false) },
      ]),
    );
    const request = await stream.next("stateRequest");
    assert.deepEqual(request, { invocationId: 1, states: [0], leaseMissing: false });
    const [other] = await stream.nextResults(1);
    assert.equal(other?.invocationId, 2);
    const states = [{ state: 0, value: Buffer.from(types.string.encode("ann")) }];
    stream.send({ frame: { $case: "stateReply", value: { invocationId: 1, states } } });
    const [result] = await stream.nextResults(1);
    assert.equal(types.string.decode(result?.replies[0]?.value ?? Buffer.alloc(0)), "ann");
  });

  it("turns what a handler throws into a failure that keeps the inputs before", async () => {
    const picky = statefulFunction("shop/picky", {
      states: { sum: state(types.long) },
      accepts: types.long,
      handle(ctx, value) {
        ctx.state.sum.set((ctx.state.sum.get() ?? 0n) + value);
        ctx.send(ctx.self, value);
        if (value === 13n) {
          throw new FunctionFailure("not 13", { retryable: false, retryAfterMs: 50 });
        }
      },
    });
    const { stream } = await start([picky]);
    await stream.greet();
    const inputs = [longInput(1n), longInput(2n), longInput(13n), longInput(4n)];
    stream.send(invocations([{ invocationId: 1, type: 1, id: "a", inputs }]));
    const [result] = await stream.nextResults(1);
    assert.deepEqual(result?.failure, {
      code: Failure_Code.FUNCTION,
      message: "not 13",
      retryable: false,
      retryAfterMs: 50,
      completedInputs: 2,
    });
    assert.deepEqual(result?.stateChanges, [{ state: 0, value: long(3n) }]);
    assert.deepEqual(
      result?.sends.map((send) => [send.type, send.id, send.value]),
      [
        [1, "a", long(1n)],
        [1, "a", long(2n)],
      ],
    );
    const event = await events.next("messageFailed");
    assert.deepEqual(event.address, { namespace: "shop", type: "picky", id: "a" });
    assert.ok(event.error instanceof FunctionFailure);
    assert.equal(event.attempt, 1);
  });

  const badInputs: [string, ReturnType<typeof input>, RegExp][] = [
    ["another typename", input("t/x", long(1n)), /expected a value of .*long, received t\/x/],
    ["bytes that do not decode", input("io.statefun.types/long", Buffer.of(9, 1)), /not .*long/],
    ["no value", input("io.statefun.types/long", undefined), /long without a value/],
  ];
  for (const [what, bad, reason] of badInputs) {
    it(`fails an input with ${what}, and is not to be asked again`, async () => {
      const { stream } = await start([counter]);
      await stream.greet();
      const inputs = [longInput(1n), bad];
      stream.send(invocations([{ invocationId: 1, type: 1, id: "a", inputs }]));
      const [result] = await stream.nextResults(1);
      assert.equal(result?.failure?.code, Failure_Code.BAD_INPUT);
      assert.equal(result.failure.retryable, false);
      assert.equal(result.failure.completedInputs, 1);
      assert.match(result.failure.message, reason);
      assert.deepEqual(result.stateChanges, [{ state: 0, value: long(1n) }]);
    });
  }

  it("fails on state that does not decode, and says which", async () => {
    const { stream } = await start([counter]);
    await stream.greet();
    const states = [{ state: 0, value: Buffer.of(1, 2, 3) }];
    stream.send(
      invocations([{ invocationId: 1, type: 1, id: "a", states, inputs: [longInput(1n)] }]),
    );
    const [result] = await stream.nextResults(1);
    assert.equal(result?.failure?.code, Failure_Code.BAD_STATE);
    assert.match(result.failure.message, /^state count is not io.statefun.types\/long: /);
  });

  it("fails a handler that takes too long, aborts its signal, and drops what it does later", async () => {
    const end = gate();
    const reasons: unknown[] = [];
    const slow = statefulFunction("shop/slow", {
      accepts: types.long,
      async handle(ctx) {
        await new Promise<void>((resolve) => {
          ctx.signal.addEventListener("abort", () => resolve());
        });
        reasons.push(ctx.signal.reason);
        try {
          ctx.send(ctx.self, 1n);
        } catch (error) {
          reasons.push(error);
        }
        end.open();
      },
    });
    const { stream } = await start([slow]);
    await stream.greet();
    stream.send(
      invocations([{ invocationId: 1, type: 1, id: "a", timeoutMs: 20, inputs: [longInput(1n)] }]),
    );
    const [result] = await stream.nextResults(1);
    assert.equal(result?.failure?.code, Failure_Code.TIMEOUT);
    assert.deepEqual(result.sends, []);
    await end.opened;
    assert.deepEqual(
      reasons.map((error) => error instanceof StatewireError && error.code),
      ["timeout", "context-closed"],
    );
  });

  it("aborts what waits when the stream is lost", async () => {
    const started = gate();
    const end = gate();
    let failure: unknown;
    const waiting = statefulFunction("shop/waiting", {
      states: { lazy: state(types.string, { lazy: true }) },
      accepts: types.long,
      async handle(ctx) {
        started.open();
        try {
          await ctx.state.lazy.get();
        } catch (error) {
          failure = error;
        }
        end.open();
      },
    });
    const { stream } = await start([waiting]);
    await stream.greet();
    stream.send(invocations([{ invocationId: 1, type: 1, id: "a", inputs: [longInput(1n)] }]));
    await started.opened;
    stream.cancel();
    await end.opened;
    assert.ok(failure instanceof StatewireError && failure.code === "stream-lost");
  });

  it("drains: finishes what is in flight, then the runtime closes the stream", async () => {
    const end = gate();
    const slow = statefulFunction("shop/slow", {
      accepts: types.long,
      replies: types.long,
      async handle(ctx, value) {
        await end.opened;
        ctx.reply(value);
      },
    });
    const { server, stream, client } = await start([slow]);
    await stream.greet();
    const wanted = { ...longInput(7n), wantsReply: true };
    stream.send(invocations([{ invocationId: 1, type: 1, id: "a", inputs: [wanted] }]));
    const closed = server.close();
    assert.equal(server.close(), closed);
    await stream.next("drain");
    const refused = await new Promise<number>((resolve) => {
      client
        .connect()
        .on("error", () => undefined)
        .on("status", ({ code }) => resolve(code));
    });
    assert.equal(refused, status.UNAVAILABLE);
    end.open();
    const [result] = await stream.nextResults(1);
    assert.deepEqual(result?.replies[0]?.value, long(7n));
    stream.close();
    assert.equal((await stream.ended).code, status.OK);
    await closed;
  });

  it("ends a stream that does not end by itself when the time to drain is up", async () => {
    const server = await serve([counter], {
      address: "127.0.0.1:0",
      drainTimeoutMs: 20,
      onEvent: events.record,
    });
    const { client, stream } = dial(server.address ?? "");
    cleanups.push(() => client.close());
    await stream.greet();
    await server.close();
    assert.equal((await stream.ended).code, status.OK);
  });

  it("sends the results that are left when the runtime half-closes", async () => {
    const { stream } = await start([counter]);
    await stream.greet();
    stream.send(invocations([{ invocationId: 1, type: 1, id: "a", inputs: [longInput(1n)] }]));
    stream.close();
    assert.equal((await stream.nextResults(1)).length, 1);
    assert.equal((await stream.ended).code, status.OK);
  });

  it("answers a broken clause with ProtocolError and INVALID_ARGUMENT", async () => {
    const { stream } = await start([counter]);
    stream.send(hello({ versions: [7] }));
    const error = await stream.next("error");
    assert.deepEqual(error, {
      clause: "HELLO-3",
      message: "the runtime speaks versions 7, this server speaks 1",
    });
    const end = await stream.ended;
    assert.equal(end.code, status.INVALID_ARGUMENT);
    assert.match(end.details, /^HELLO-3: /);
    const event = await events.next("protocolError");
    assert.equal(event.brokenBy, "runtime");
  });

  const malformed: [string, Buffer, string][] = [
    ["is not protobuf", Buffer.of(0xff, 0xff, 0xff), "FRAME-2"],
    ["holds nothing", Buffer.alloc(0), "FRAME-1"],
    [
      "holds an integer beyond 2^53",
      Buffer.of(0x22, 0x0a, 0x08, ...Array(8).fill(0xff), 0x7f),
      "LIMIT-7",
    ],
    ["holds text that is not UTF-8", Buffer.of(0x2a, 0x04, 0x0a, 0x02, 0xc3, 0x28), "FRAME-2"],
    ["is larger than agreed", Buffer.alloc(4_194_305, 0x2a), "LIMIT-1"],
  ];
  for (const [what, bytes, clause] of malformed) {
    it(`answers a frame that ${what} with ${clause}`, async () => {
      const server = await serve([counter], { address: "127.0.0.1:0", onEvent: events.record });
      cleanups.push(() => server.close());
      const raw = rawStream(server.address ?? "");
      cleanups.push(() => raw.client.close());
      const { RuntimeFrame, ServerFrame } = await import(
        "@statewire/protos/statewire/v1/stream.js"
      );
      const frames: Buffer[] = [];
      raw.call.on("data", (frame: Buffer) => frames.push(frame));
      raw.call.write(Buffer.from(RuntimeFrame.encode(hello()).finish()));
      raw.call.write(bytes);
      const end = await raw.ended;
      assert.equal(end.code, status.INVALID_ARGUMENT);
      const last = ServerFrame.decode(frames.at(-1) ?? Buffer.alloc(0));
      assert.equal(last.frame?.$case === "error" && last.frame.value.clause, clause);
    });
  }

  it("reports what the runtime found broken, and says nothing more", async () => {
    const { stream } = await start([counter]);
    await stream.greet();
    stream.send({ frame: { $case: "error", value: { clause: "RESULT-1", message: "why" } } });
    assert.equal((await stream.ended).code, status.INVALID_ARGUMENT);
    const event = await events.next("protocolError");
    assert.deepEqual([event.brokenBy, event.clause, event.message], ["server", "RESULT-1", "why"]);
  });

  it("answers Discover with its table, and refuses versions that it does not speak", async () => {
    const { client } = await start([counter]);
    const ask = (versions: number[]): Promise<Welcome> =>
      new Promise((resolve, reject) => {
        client.discover({ versions }, (error, welcome) =>
          error ? reject(error) : resolve(welcome),
        );
      });
    const welcome = await ask([2, 1]);
    assert.equal(welcome.version, 1);
    assert.deepEqual(welcome.features, ["leases", "lazy-state"]);
    assert.equal(welcome.functions[0]?.states[0]?.typename, "io.statefun.types/long");
    await assert.rejects(ask([2]), { code: status.FAILED_PRECONDITION });
  });

  it("keeps two streams apart", async () => {
    const { server, stream } = await start([counter]);
    await stream.greet();
    const second = dial(server.address ?? "");
    cleanups.push(() => second.client.close());
    await second.stream.greet();
    stream.send(invocations([{ invocationId: 1, type: 1, id: "a", inputs: [longInput(1n)] }]));
    await stream.nextResults(1);
    second.stream.send(
      invocations([{ invocationId: 5, type: 1, id: "a", lease: 1, inputs: [longInput(1n)] }]),
    );
    assert.equal((await second.stream.next("stateRequest")).leaseMissing, true);
    second.stream.cancel();
  });

  it("is refused without functions, without an address, and on a port in use", async () => {
    await assert.rejects(serve([], { address: "127.0.0.1:0" }), { code: "invalid-declaration" });
    await assert.rejects(serve([counter], {}), { code: "invalid-declaration" });
    await assert.rejects(serve([counter, counter], { address: "127.0.0.1:0" }), /declared twice/);
    const { server } = await start([counter]);
    await assert.rejects(serve([counter], { address: server.address ?? "" }), {
      code: "bind-failed",
      message: `cannot listen on ${server.address}: the port is in use, perhaps by another function server; give another one, or 0 for any free one`,
    });
  });
});

function rawStream(address: string): {
  client: FunctionServerClient;
  call: ClientDuplexStream<Buffer, Buffer>;
  ended: Promise<{ code: number; details: string }>;
} {
  const client = new FunctionServerClient(address, ChannelCredentials.createInsecure());
  const pass = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(FunctionServerService.connect.path, pass, pass);
  call.on("error", () => undefined);
  return { client, call, ended: new Promise((resolve) => call.on("status", resolve)) };
}
