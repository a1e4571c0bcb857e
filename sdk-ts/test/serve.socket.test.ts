/*
 * A function server on a real socket. The test plays the runtime: it dials, sends frames of the
 * protocol, and looks at the frames and the status that come back.
 */
import assert from "node:assert/strict";
import {
  type AnyStatefulFunction,
  type FunctionServer,
  type ServeEvent,
  type ServeOptions,
  serve,
  state,
  statefulFunction,
  types,
} from "../src/index.js";
import { dial, input, invocations, type RuntimeStream } from "./support/runtime-stream.js";

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

describe("a served function", () => {
  const open: { server: FunctionServer; close: () => void }[] = [];
  const events: ServeEvent[] = [];

  async function start(
    functions: readonly AnyStatefulFunction[],
    options: ServeOptions = {},
  ): Promise<{ server: FunctionServer; stream: RuntimeStream }> {
    const server = await serve(functions, {
      address: "127.0.0.1:0",
      drainTimeoutMs: 1000,
      onEvent: (event) => events.push(event),
      ...options,
    });
    const { client, stream } = dial(server.address ?? "");
    open.push({
      server,
      close: () => {
        stream.cancel();
        client.close();
      },
    });
    return { server, stream };
  }

  afterEach(async () => {
    for (const { server, close } of open.splice(0)) {
      close();
      await server.close();
    }
    events.length = 0;
  });

  it("counts the messages of one address", async () => {
    const { stream } = await start([counter]);
    const welcome = await stream.greet();
    assert.equal(welcome.version, 1);
    assert.deepEqual(
      welcome.functions.map((spec) => spec.typeName),
      ["shop/counter"],
    );
    stream.send(
      invocations([
        {
          invocationId: 1,
          type: 1,
          id: "a",
          inputs: [input("io.statefun.types/long", long(2n), { wantsReply: true })],
        },
      ]),
    );
    const [first] = await stream.nextResults(1);
    assert.deepEqual(first?.stateChanges, [{ state: 0, value: long(2n) }]);
    assert.deepEqual(first?.replies[0]?.value, long(2n));
    assert.equal(first?.failure, undefined);
    stream.send(
      invocations([
        {
          invocationId: 2,
          type: 1,
          id: "a",
          lease: 1,
          inputs: [input("io.statefun.types/long", long(3n))],
        },
      ]),
    );
    const [second] = await stream.nextResults(1);
    assert.deepEqual(second?.stateChanges, [{ state: 0, value: long(5n) }]);
  });
});
