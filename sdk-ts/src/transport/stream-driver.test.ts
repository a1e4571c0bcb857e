/*
 * Goal: whatever a peer sends, the process goes on. Method: sessions of good frames in which bytes
 * are changed, cut, doubled or left out at random; each ends with results or with one clause, and
 * never with an exception. A run prints its seed when it fails.
 */
import assert from "node:assert/strict";
import { RuntimeFrame, ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import { statefulFunction } from "../function.js";
import { registerFunctions } from "../registered-function.js";
import { toFunctionSpec } from "../session/function-spec.js";
import { state } from "../state.js";
import { types } from "../types.js";
import { StreamDriver } from "./stream-driver.js";

const counter = statefulFunction("shop/counter", {
  states: { count: state(types.long), log: state(types.string, { lazy: true }) },
  accepts: types.long,
  replies: types.long,
  handle(ctx, amount) {
    const count = (ctx.state.count.get() ?? 0n) + amount;
    ctx.state.count.set(count);
    ctx.sendAfter(5, ctx.self, 1n, { token: "t" });
    ctx.reply(count);
    return amount < 0n ? ctx.state.log.get().then(() => undefined) : undefined;
  },
});
const functions = registerFunctions([counter]);

function goodFrames(): Buffer[] {
  const amount = (value: bigint) => ({
    callerType: 0,
    callerId: "",
    typename: "io.statefun.types/long",
    value: Buffer.from(types.long.encode(value)),
    wantsReply: true,
    traceparent: "",
  });
  const invocation = (invocationId: number, id: string, lease: number, value = 1n) => ({
    invocationId,
    type: 1,
    id,
    inputs: [amount(value), amount(2n)],
    states: lease === 0 ? [{ state: 0, value: Buffer.from(types.long.encode(5n)) }] : [],
    lease,
    timeoutMs: 1000,
    attempt: 0,
    noLease: false,
  });
  const limits = {
    frameBytesMax: 4000,
    valueBytesMax: 1000,
    idBytesMax: 100,
    effectsMax: 100,
    resultCreditBytes: 1000,
  };
  const frames: RuntimeFrame["frame"][] = [
    {
      $case: "hello",
      value: {
        versions: [1],
        runtimeName: "r",
        runtimeVersion: "1",
        nodeId: "n",
        limits,
        features: ["leases", "lazy-state"],
      },
    },
    {
      $case: "invocations",
      value: {
        types: [{ index: 2, typeName: "other/type", entry: 0 }],
        invocations: [invocation(1, "a", 0), invocation(2, "b", 0, -1n), invocation(3, "c", 9)],
        resultCreditBytes: 7,
      },
    },
    { $case: "stateReply", value: { invocationId: 3, states: [{ state: 0, value: undefined }] } },
    { $case: "stateReply", value: { invocationId: 2, states: [{ state: 1, value: undefined }] } },
    {
      $case: "invocations",
      value: { types: [], invocations: [invocation(4, "a", 1)], resultCreditBytes: 0 },
    },
    { $case: "credit", value: { bytes: 500 } },
    { $case: "drain", value: { reason: "bye" } },
  ];
  return frames.map((frame) => Buffer.from(RuntimeFrame.encode({ frame }).finish()));
}

interface Played {
  readonly sent: ServerFrame[];
  readonly ends: number;
}

async function play(frames: readonly Buffer[]): Promise<Played> {
  const sent: ServerFrame[] = [];
  let ends = 0;
  const driver = new StreamDriver({
    functions,
    session: {
      offer: {
        sdkName: "",
        sdkVersion: "",
        serverName: "",
        functions: functions.map(toFunctionSpec),
        invocationsMax: 100,
        payloadBytesMax: 10_000,
        frameBytesMax: 1_000_000,
        leasedAddressesMax: 10,
      },
      leaseLimits: { addressesMax: 10, bytesMax: 10_000 },
    },
    sink: {
      write: (frame) => sent.push(ServerFrame.decode(frame)) > 0,
      end: () => {
        ends++;
      },
    },
    observer: { opened: () => undefined, failed: () => undefined, protocolError: () => undefined },
  });
  for (const frame of frames) {
    driver.receive(frame);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setImmediate(resolve));
  driver.lost();
  return { sent, ends };
}

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

/** One thing goes wrong. */
function spoil(frames: Buffer[], random: Random): void {
  const index = random.below(frames.length);
  const frame = Buffer.from(frames[index] ?? []);
  const at = random.below(frame.length);
  switch (random.below(5)) {
    case 0:
      frame[at] = random.below(256);
      frames[index] = frame;
      break;
    case 1:
      frames[index] = frame.subarray(0, at);
      break;
    case 2:
      frames.splice(index, 0, frame);
      break;
    case 3:
      frames.splice(index, 1);
      break;
    default:
      frames[index] = Buffer.concat([
        frame.subarray(0, at),
        Buffer.of(random.below(256)),
        frame.subarray(at),
      ]);
  }
}

describe("a stream's driver", () => {
  it("answers a good session with a result for every invocation", async () => {
    const { sent, ends } = await play(goodFrames());
    const results = sent.flatMap(({ frame }) =>
      frame?.$case === "results" ? frame.value.results : [],
    );
    assert.deepEqual(results.map((result) => result.invocationId).sort(), [1, 2, 3, 4]);
    assert.equal(ends, 0);
  });

  it("goes on as a process whatever is sent, and ends a broken stream with one clause", async () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const frames = goodFrames();
      for (let count = 0; count <= random.below(3); count++) {
        spoil(frames, random);
      }
      const { sent, ends } = await play(frames);
      const errors = sent.filter(({ frame }) => frame?.$case === "error");
      assert.ok(ends <= 1, `seed ${seed}: ended ${ends} times`);
      assert.ok(errors.length <= ends, `seed ${seed}: ${errors.length} errors`);
      if (errors.length === 1) {
        assert.equal(sent.at(-1), errors[0], `seed ${seed}: something after the error`);
      }
    }
  });
});
