/*
 * Goal: the hand-written codec is the generated one, only faster. Method: random frames go through
 * both, and what comes out must be the same; a run prints its seed when it fails.
 */
import assert from "node:assert/strict";
import {
  Failure_Code,
  type InvocationBatch,
  type Result,
  RuntimeFrame,
  type Send,
  ServerFrame,
} from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "../session/protocol-violation.js";
import { RuntimeFrameDecoder } from "./runtime-frame.js";
import { encodeServerFrame } from "./server-frame.js";

/** Small numbers, boundaries of varint lengths, and the largest that the protocol allows. */
const numbers = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1];
const longs = [...numbers, 2 ** 32, 2 ** 35, 2 ** 49, Number.MAX_SAFE_INTEGER];
const texts = [
  "",
  "a",
  "shop/cart",
  "ünï",
  "\uFFFD",
  "日本語",
  "x".repeat(24),
  "x".repeat(127),
  "é".repeat(300),
];

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  of<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    assert.ok(value !== undefined);
    return value;
  }

  list<T>(make: () => T): T[] {
    return Array.from({ length: this.below(4) }, make);
  }

  /** Absent, empty, short or long. */
  bytes(): Buffer | undefined {
    const length = this.of([-1, 0, 1, 9, 24, 25, 127, 128, 20_000]);
    return length === -1 ? undefined : Buffer.alloc(length, this.below(256));
  }
}

function randomBatch(random: Random): InvocationBatch {
  const state = () => ({ state: random.of(numbers), value: random.bytes() });
  return {
    types: random.list(() => ({
      index: random.of(numbers),
      typeName: random.of(texts),
      entry: random.of(numbers),
    })),
    invocations: random.list(() => ({
      invocationId: random.of(longs),
      type: random.of(numbers),
      id: random.of(texts),
      inputs: random.list(() => ({
        callerType: random.of(numbers),
        callerId: random.of(texts),
        typename: random.of(texts),
        value: random.bytes(),
        wantsReply: random.below(2) === 1,
        traceparent: random.of(texts),
      })),
      states: random.list(state),
      lease: random.of(longs),
      timeoutMs: random.of(longs),
      attempt: random.of(numbers),
      noLease: random.below(2) === 1,
    })),
    resultCreditBytes: random.of(longs),
  };
}

function randomResult(random: Random): Result {
  const send = (): Send => ({
    type: random.of(numbers),
    typeName: random.of(texts),
    id: random.of(texts),
    typename: random.of(texts),
    value: random.bytes(),
    traceparent: random.of(texts),
  });
  return {
    invocationId: random.of(longs),
    stateChanges: random.list(() => ({ state: random.of(numbers), value: random.bytes() })),
    sends: random.list(send),
    timerChanges: random.list(() => ({
      change:
        random.below(2) === 0
          ? { $case: "cancel", value: random.of(texts) }
          : {
              $case: "schedule",
              value: {
                send: send(),
                delayMs: random.of(longs),
                cancellationToken: random.of(texts),
              },
            },
    })),
    egressRecords: random.list(() => ({
      egress: random.of(texts),
      typename: random.of(texts),
      value: random.bytes(),
    })),
    replies: random.list(() => ({
      input: random.of(numbers),
      typename: random.of(texts),
      value: random.bytes(),
    })),
    failure:
      random.below(2) === 0
        ? undefined
        : {
            code: random.of([Failure_Code.FUNCTION, Failure_Code.TIMEOUT]),
            message: random.of(texts),
            retryable: random.below(2) === 1,
            retryAfterMs: random.of(longs),
            completedInputs: random.of(numbers),
          },
  };
}

/** The frame in the objects of the generated code: inputs are ones of their own, and bytes no Buffers. */
function plain({ frame }: RuntimeFrame): RuntimeFrame {
  if (frame?.$case !== "invocations") return { frame };
  const buffer = (value: Uint8Array | undefined) => value && Buffer.from(value);
  const invocations = frame.value.invocations.map((invocation) => ({
    ...invocation,
    inputs: invocation.inputs.map(({ callerType, callerId, typename, value, ...rest }) => {
      const { wantsReply, traceparent } = rest;
      const bytes = buffer(value);
      return { callerType, callerId, typename, value: bytes, wantsReply, traceparent };
    }),
    states: invocation.states.map(({ state, value }) => ({ state, value: buffer(value) })),
  }));
  return { frame: { $case: "invocations", value: { ...frame.value, invocations } } };
}

describe("the hand-written codec", () => {
  const decoder = new RuntimeFrameDecoder();
  const encode = (frame: RuntimeFrame): Buffer => Buffer.from(RuntimeFrame.encode(frame).finish());

  it("reads every frame of invocations as the generated code does", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const value = randomBatch(new Random(seed));
      const bytes = encode({ frame: { $case: "invocations", value } });
      assert.deepEqual(plain(decoder.decode(bytes)), RuntimeFrame.decode(bytes), `seed ${seed}`);
    }
  });

  it("takes the id of an address that holds the lease for that of the frame, if it is the same", () => {
    const inputs = [
      {
        callerType: 0,
        callerId: "",
        typename: "t/a",
        value: undefined,
        wantsReply: false,
        traceparent: "",
      },
    ];
    for (const id of ["counter-1", "counter-2", "counter", "cöunter-1", ""]) {
      const states: never[] = [];
      const value = {
        types: [],
        invocations: [
          {
            invocationId: 9,
            type: 1,
            id,
            inputs,
            states,
            lease: 7,
            noLease: false,
            timeoutMs: 0,
            attempt: 0,
          },
        ],
        resultCreditBytes: 0,
      };
      const bytes = encode({ frame: { $case: "invocations", value } });
      for (const known of ["counter-1", undefined]) {
        const asked: number[] = [];
        const idOf = (lease: number): string | undefined => {
          asked.push(lease);
          return known;
        };
        assert.deepEqual(plain(decoder.decode(bytes, { idOf })), {
          frame: { $case: "invocations", value },
        });
        assert.ok(asked.every((lease) => lease === 7));
      }
    }
  });

  it("writes every frame of results byte for byte as the generated code does", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const results = random.list(() => randomResult(random));
      const frame: ServerFrame = { frame: { $case: "results", value: { results } } };
      const expected = Buffer.from(ServerFrame.encode(frame).finish());
      assert.ok(encodeServerFrame(frame).equals(expected), `seed ${seed}`);
    }
  });

  it("reads and writes the frames that are rare", () => {
    const value = { clause: "HELLO-3", message: "ünï" };
    const bytes = encode({ frame: { $case: "error", value } });
    assert.deepEqual(decoder.decode(bytes), { frame: { $case: "error", value } });
    const welcome: ServerFrame = { frame: { $case: "drain", value: { reason: "bye" } } };
    assert.deepEqual(ServerFrame.decode(encodeServerFrame(welcome)), welcome);
  });

  it("skips fields that it does not know, in every message", () => {
    const unknown = Buffer.of(
      0x78,
      0x01,
      0x7a,
      0x01,
      0x00,
      0x7d,
      0,
      0,
      0,
      0,
      0x79,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    );
    const wrap = (tag: number, ...parts: Buffer[]): Buffer => {
      const content = Buffer.concat([...parts, unknown]);
      return Buffer.concat([Buffer.of(tag, content.length), content]);
    };
    const input = wrap(0x22, Buffer.of(0x1a, 1, 0x74));
    const state = wrap(0x2a, Buffer.of(0x08, 3));
    const definition = wrap(0x0a, Buffer.of(0x08, 2));
    const invocation = wrap(0x12, Buffer.of(0x08, 5), input, state);
    const bytes = Buffer.concat([definition, invocation, unknown]);
    const frame = Buffer.concat([
      Buffer.of(0x12, 0x80 | (bytes.length & 0x7f), bytes.length >> 7),
      bytes,
    ]);
    const decoded = decoder.decode(Buffer.concat([unknown, frame, unknown]));
    assert.deepEqual(plain(decoded), RuntimeFrame.decode(frame));
    assert.ok(decoded.frame?.$case === "invocations");
    assert.equal(decoded.frame.value.invocations[0]?.invocationId, 5);
    assert.equal(decoded.frame.value.invocations[0].states[0]?.state, 3);
  });

  it("refuses every cut of a frame, and never anything but by a clause", () => {
    const value = randomBatch(new Random(11));
    const bytes = encode({ frame: { $case: "invocations", value } });
    assert.ok(bytes.length > 100);
    for (let length = 1; length < Math.min(bytes.length, 2000); length++) {
      assert.throws(() => decoder.decode(bytes.subarray(0, length)), ProtocolViolation);
    }
  });

  it("survives random bytes: a frame, or a clause", () => {
    const random = new Random(5);
    for (let run = 0; run < 5000; run++) {
      const bytes = Buffer.from(
        Array.from({ length: 1 + random.below(40) }, () => random.below(256)),
      );
      bytes[0] = random.of([0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32]);
      try {
        decoder.decode(bytes);
      } catch (error) {
        assert.ok(error instanceof ProtocolViolation, `${bytes.toString("hex")}: ${error}`);
      }
    }
  });

  const refusals: [string, string, number[]][] = [
    ["an id that is not UTF-8", "FRAME-2", [0x12, 5, 0x12, 3, 0x1a, 1, 0xff]],
    [
      "an invocation id beyond 2^53",
      "LIMIT-7",
      [0x12, 12, 0x12, 10, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
    ],
    ["a varint that does not end", "FRAME-2", [0x12, 13, 0x18, ...Array<number>(12).fill(0xff)]],
    ["a group", "FRAME-2", [0x12, 1, 0x0b]],
    ["a field beyond its message's end", "FRAME-2", [0x12, 6, 0x12, 2, 0x1a, 2, 0x61, 0x62]],
    ["a drain whose reason is not UTF-8", "FRAME-2", [0x2a, 4, 0x0a, 2, 0xc3, 0x28]],
    [
      "a credit beyond 2^53",
      "LIMIT-7",
      [0x22, 9, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ],
  ];
  for (const [what, clause, bytes] of refusals) {
    it(`refuses ${what} with ${clause}`, () => {
      const frame = Buffer.from(bytes);
      assert.throws(
        () => decoder.decode(frame),
        (error: unknown) => error instanceof ProtocolViolation && error.clause === clause,
      );
    });
  }
});
