import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import type {
  DelayedSend,
  Result,
  Send,
  TimerChange,
} from "@statewire/protos/statewire/v1/stream.js";
import { ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import fc from "fast-check";
import type { InvocationResult, OutgoingMessage } from "../core/command.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { ResultDecoder } from "./result-decoder.js";
import { StreamTypes } from "./stream-types.js";

// Goal: on any valid frame the decoder sees what the generated code sees; on any other bytes it
// either does that too or names a clause. It never crashes and never hangs.

const limits = { valueBytesMax: 1_000_000, idBytesMax: 1024, effectsMax: 1000 };
const functions = ["example/counter", "mail/*", "example/other"].map((pattern) => ({
  pattern,
  states: [],
  inFlightMax: 0,
  batchMax: 0,
}));
const plenty = Number.MAX_SAFE_INTEGER;

const texts = unicodeText({ minLength: 1, maxLength: 20 });
const perhapsText = fc.oneof(fc.constant(""), texts);
const values = fc.option(
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  { nil: undefined },
);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.maxSafeNat();

const sends: fc.Arbitrary<Send> = fc
  .record({
    target: fc.constantFrom(
      { type: 1, typeName: "" },
      { type: 3, typeName: "" },
      { type: 0, typeName: "other/type" },
    ),
    id: perhapsText,
    typename: texts,
    value: values,
    // Anything else is dropped. [INVOKE-15]
    traceparent: fc.constantFrom("", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
  })
  .map(({ target, ...rest }) => ({ ...target, ...rest }));

const delayedSends: fc.Arbitrary<DelayedSend> = fc.record({
  send: sends,
  delayMs: u64,
  cancellationToken: perhapsText,
});

const timerChanges: fc.Arbitrary<TimerChange> = fc.oneof(
  delayedSends.map((value) => ({ change: { $case: "schedule" as const, value } })),
  texts.map((value) => ({ change: { $case: "cancel" as const, value } })),
);

const results: fc.Arbitrary<Result> = fc.record({
  invocationId: u64,
  stateChanges: fc.uniqueArray(fc.record({ state: u32, value: values }), {
    selector: ({ state }) => state,
    maxLength: 4,
  }),
  sends: fc.array(sends, { maxLength: 3 }),
  timerChanges: fc.array(timerChanges, { maxLength: 3 }),
  egressRecords: fc.array(fc.record({ egress: perhapsText, typename: texts, value: values }), {
    maxLength: 3,
  }),
  replies: fc.uniqueArray(fc.record({ input: u32, typename: texts, value: values }), {
    selector: ({ input }) => input,
    maxLength: 3,
  }),
  failure: fc.option(
    fc.record({
      code: fc.constantFrom(0, 1, 2, 3, 4, 5, 6),
      message: perhapsText,
      retryable: fc.boolean(),
      retryAfterMs: u64,
      completedInputs: u32,
    }),
    { nil: undefined },
  ),
});

const failureCodes = [
  "function",
  "function",
  "badInput",
  "badState",
  "timeout",
  "overloaded",
  "unknownFunction",
];

function bytesOf(value: Uint8Array | null | undefined): number[] | null {
  return value == null ? null : [...value];
}

/** A result of the generated code in the shape of the core's. */
function fromGenerated(types: StreamTypes, result: Result) {
  const message = (send: Send | undefined) => ({
    typeName: types.nameOf(send?.type ?? 0) ?? send?.typeName,
    id: send?.id,
    typename: send?.typename,
    value: bytesOf(send?.value),
    traceparent: send?.traceparent,
  });
  const { failure } = result;
  return {
    invocation: result.invocationId,
    stateChanges: result.stateChanges.map(({ state, value }) => [state, bytesOf(value)]),
    sends: result.sends.map(message),
    timerChanges: result.timerChanges.map(({ change }) =>
      change?.$case === "schedule"
        ? [message(change.value.send), change.value.delayMs, change.value.cancellationToken]
        : [change?.value],
    ),
    egressRecords: result.egressRecords.map((record) => [
      record.egress,
      record.typename,
      bytesOf(record.value),
    ]),
    replies: result.replies.map(({ input, typename, value }) => [input, typename, bytesOf(value)]),
    failure: failure && { ...failure, code: failureCodes[failure.code] ?? "function" },
  };
}

function fromDecoder(result: InvocationResult) {
  const message = ({ message: { typename, value }, ...rest }: OutgoingMessage) => ({
    ...rest,
    typename,
    value: bytesOf(value),
  });
  assert.equal(result.refused, null);
  return {
    invocation: result.invocation,
    stateChanges: result.stateChanges.map(({ state, value }) => [state, bytesOf(value)]),
    sends: result.sends.map(message),
    timerChanges: result.timerChanges.map((change) =>
      change.kind === "schedule"
        ? [message(change.message), change.delayMs, change.token]
        : [change.token],
    ),
    egressRecords: result.egressRecords.map(({ egress, value }) => [
      egress,
      value.typename,
      bytesOf(value.value),
    ]),
    replies: result.replies.map(({ input, value }) => [
      input,
      value.typename,
      bytesOf(value.value),
    ]),
    failure: result.failure ?? undefined,
  };
}

function payloadOf(result: Result): number {
  const scheduled = result.timerChanges.flatMap(({ change }) =>
    change?.$case === "schedule" ? [change.value.send] : [],
  );
  const { stateChanges, sends: sent, egressRecords, replies } = result;
  const carriers = [...stateChanges, ...sent, ...scheduled, ...egressRecords, ...replies];
  return carriers.reduce((bytes, carrier) => bytes + (carrier?.value?.length ?? 0), 0);
}

function encode(batch: Result[]): Buffer {
  const value = { results: batch };
  return Buffer.from(ServerFrame.encode({ frame: { $case: "results", value } }).finish());
}

/** The results, or the clause that is broken. Any other error passes through: it is a crash. */
function decodeAny(frame: Buffer): readonly InvocationResult[] | string | undefined {
  try {
    return new ResultDecoder(limits).decode(frame, new StreamTypes(functions), plenty)?.results;
  } catch (error) {
    if (error instanceof ProtocolViolation) return error.clause;
    throw error;
  }
}

const frames = fc.array(results, { maxLength: 4 }).map(encode);

describe("ResultDecoder on random frames", () => {
  it("sees what the generated code sees, and counts the payload [CREDIT-4]", () => {
    const decoder = new ResultDecoder(limits);
    const types = new StreamTypes(functions);
    fc.assert(
      fc.property(fc.array(results, { maxLength: 4 }), (batch) => {
        const decoded = decoder.decode(encode(batch), types, plenty);
        assert.deepEqual(
          decoded?.results.map(fromDecoder),
          batch.map((result) => fromGenerated(types, result)),
        );
        const payload = batch.reduce((bytes, result) => bytes + payloadOf(result), 0);
        assert.equal(decoded?.payloadBytes, payload);
      }),
    );
  });

  it("cut anywhere names FRAME-2", () => {
    fc.assert(
      fc.property(frames, fc.nat(), (frame, seed) => {
        const length = 1 + (seed % (frame.length - 1));
        if (length < frame.length) assert.equal(decodeAny(frame.subarray(0, length)), "FRAME-2");
      }),
    );
  });

  it("with bytes changed, removed and put in neither crashes nor hangs", () => {
    const mutations = fc.array(
      fc.record({
        at: fc.nat(),
        kind: fc.constantFrom("change", "remove", "insert"),
        byte: fc.nat(255),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(frames, mutations, (frame, changes) => {
        const bytes = [...frame];
        for (const { at, kind, byte } of changes) {
          // The first byte stays: it says that these are results.
          const position = 1 + (at % Math.max(1, bytes.length - 1));
          if (kind === "change") bytes[position] = byte;
          else
            bytes.splice(position, kind === "remove" ? 1 : 0, ...(kind === "insert" ? [byte] : []));
        }
        decodeAny(Buffer.from(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it("of nothing but chance neither crashes nor hangs", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeAny(Buffer.from([0x12, ...bytes]));
        decodeAny(Buffer.from([0x12, bytes.length & 0x7f, ...bytes]));
      }),
      { numRuns: 1000 },
    );
  });

  it("with lengths that promise far more than there is allocates nothing for them", () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    assert.equal(decodeAny(Buffer.from([0x12, ...huge])), "FRAME-2");
    assert.equal(decodeAny(Buffer.from([0x12, 0x0b, 0x0a, 0x09, 0x12, ...huge])), "FRAME-2");
    assert.equal(
      decodeAny(Buffer.from([0x12, 0x0d, 0x0a, 0x0b, 0x12, 0x09, 0x12, ...huge])),
      "FRAME-2",
    );
  });
});
