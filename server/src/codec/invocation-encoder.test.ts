import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import { RuntimeFrame } from "@statewire/protos/statewire/v1/stream.js";
import fc from "fast-check";
import type { Binding } from "../core/binding.js";
import { createType } from "../core/catalog.js";
import type { FunctionSpec } from "../core/command.js";
import type { Invocation } from "../core/effect.js";
import { Fifo } from "../core/fifo.js";
import type { FunctionType } from "../core/function-type.js";
import type { Message } from "../core/message.js";
import { Session } from "../core/session.js";
import { InvocationEncoder } from "./invocation-encoder.js";
import { StreamTypes } from "./stream-types.js";

// Goal: the hand-written encoder and the generated code agree byte for byte: the frame decodes to
// what was meant, and encoding that again gives the same bytes.

const functions: FunctionSpec[] = [
  { pattern: "example/counter", states: [], inFlightMax: 0, batchMax: 0 },
  { pattern: "mail/*", states: [], inFlightMax: 0, batchMax: 0 },
];
const session = new Session(1, functions, { invocations: 10, bytes: 1000 }, 0);
const served = [createType(1, "example/counter"), createType(2, "mail/greeter")];
const callers = [...served, createType(3, "other/caller"), createType(4, "other/second")];

const ids = unicodeText({ maxLength: 40 });
const byteArrays = fc.uint8Array({ maxLength: 40 });
const values = fc.option(byteArrays);

function binding(type: FunctionType, eager: number[], timeoutMs: number): Binding {
  return {
    session,
    type,
    entry: 0,
    states: [],
    eager,
    load: { inFlightMax: 0, inFlight: 0, bindings: [] },
    batchMax: 0,
    invocationTimeoutMs: timeoutMs,
    ready: new Fifo(),
    runnable: false,
  };
}

const messages: fc.Arbitrary<Message> = fc
  .record({
    type: fc.constant(served[0] as FunctionType),
    id: fc.constant(""),
    callerType: fc.option(fc.constantFrom(...callers)),
    callerId: ids,
    typename: ids,
    value: values,
    traceparent: fc.oneof(fc.constant(""), ids),
    sequence: fc.constant(1),
    key: fc.constantFrom("", "key"),
    request: fc.constantFrom(0, 9),
    storedEpoch: fc.constant(0),
    consumed: fc.constant(false),
  })
  .map((message) => (message.callerType === null ? { ...message, callerId: "" } : message));

const invocations: fc.Arbitrary<Invocation> = fc
  .record({
    invocation: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    type: fc.constantFrom(...served),
    id: ids,
    messages: fc.array(messages, { minLength: 1, maxLength: 4 }),
    states: fc.array(values, { maxLength: 4 }),
    lease: fc.maxSafeNat(),
    timeoutMs: fc.maxSafeNat(),
    attempt: fc.nat(0xffff_ffff),
    noLease: fc.boolean(),
  })
  .map(({ type, timeoutMs, ...invocation }) => ({
    ...invocation,
    // The indexes of eager states need not be neighbours: lazy ones lie between.
    binding: binding(
      type,
      invocation.states.map((_, at) => at * 3),
      timeoutMs,
    ),
  }));

function decodeBatch(bytes: Buffer) {
  const { frame } = RuntimeFrame.decode(bytes);
  assert.ok(frame?.$case === "invocations");
  return frame.value;
}

/** What the generated code should see, with names in place of type indexes. */
function expected(invocation: Invocation) {
  return {
    invocationId: invocation.invocation,
    type: invocation.binding.type.name,
    id: invocation.id,
    inputs: invocation.messages.map((message) => ({
      callerType: message.callerType?.name,
      callerId: message.callerId,
      typename: message.typename,
      value: message.value === null ? undefined : [...message.value],
      wantsReply: message.request !== 0 || message.key !== "",
      traceparent: message.traceparent,
    })),
    states: invocation.states.flatMap((value, at) =>
      value === null ? [] : [{ state: invocation.binding.eager[at], value: [...value] }],
    ),
    lease: invocation.lease,
    timeoutMs: invocation.binding.invocationTimeoutMs,
    attempt: invocation.attempt,
    noLease: invocation.noLease,
  };
}

function seen(types: StreamTypes, batch: ReturnType<typeof decodeBatch>) {
  const bytesOf = (value: Uint8Array | undefined) => (value === undefined ? undefined : [...value]);
  return batch.invocations.map((invocation) => ({
    ...invocation,
    type: types.nameOf(invocation.type),
    inputs: invocation.inputs.map((input) => ({
      ...input,
      callerType: types.nameOf(input.callerType),
      value: bytesOf(input.value),
    })),
    states: invocation.states.map((state) => ({ ...state, value: bytesOf(state.value) })),
  }));
}

describe("InvocationEncoder", () => {
  it("writes any batch as the generated code would, frame after frame", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(invocations, { maxLength: 4 }), fc.maxSafeNat()), {
          maxLength: 3,
        }),
        (frames) => {
          const encoder = new InvocationEncoder();
          const types = new StreamTypes(functions);
          let highest = functions.length;
          for (const [batch, credit] of frames) {
            const bytes = encoder.encode(types, batch, credit);
            const again = Buffer.from(RuntimeFrame.encode(RuntimeFrame.decode(bytes)).finish());
            assert.equal(bytes.toString("hex"), again.toString("hex"));
            const decoded = decodeBatch(bytes);
            assert.deepEqual(seen(types, decoded), batch.map(expected));
            assert.equal(decoded.resultCreditBytes, credit);
            for (const { index, typeName } of decoded.types) {
              assert.equal(index, ++highest, "[TABLE-6]");
              assert.equal(types.nameOf(index), typeName);
            }
          }
        },
      ),
    );
  });

  it("defines types in the frame that first uses them, and never again [TABLE-5] [TABLE-7]", () => {
    const encoder = new InvocationEncoder();
    const types = new StreamTypes(functions);
    const [invocation] = fc.sample(invocations, { numRuns: 1, seed: 1 });
    assert.ok(invocation !== undefined);
    const greeting = { ...invocation, binding: binding(served[1] as FunctionType, [], 0) };
    const first = decodeBatch(encoder.encode(types, [greeting], 0));
    assert.ok(
      first.types.some(({ typeName, entry }) => typeName === "mail/greeter" && entry === 2),
    );
    assert.deepEqual(decodeBatch(encoder.encode(types, [greeting], 0)).types, []);
  });

  it("lists no states under a lease, and no absent ones [STATE-1] [STATE-9]", () => {
    const types = new StreamTypes(functions);
    const [message] = fc.sample(messages, { numRuns: 1, seed: 1 });
    assert.ok(message !== undefined);
    const base = { invocation: 1, id: "a", messages: [message], attempt: 0, noLease: false };
    const bound = binding(served[0] as FunctionType, [0, 2, 3], 0);
    const encode = (states: (Uint8Array | null)[], lease: number) =>
      decodeBatch(
        new InvocationEncoder().encode(types, [{ ...base, binding: bound, states, lease }], 0),
      ).invocations[0]?.states.map(({ state, value }) => [state, value?.length]);
    assert.deepEqual(encode([], 4), []);
    assert.deepEqual(encode([null, Buffer.alloc(0), Buffer.from("x")], 0), [
      [2, 0],
      [3, 1],
    ]);
  });

  it("writes values far larger than its buffer", () => {
    const types = new StreamTypes(functions);
    const value = Buffer.alloc(100_000, 7);
    const [message] = fc.sample(messages, { numRuns: 1, seed: 1 });
    assert.ok(message !== undefined);
    const invocation: Invocation = {
      invocation: 1,
      binding: binding(served[0] as FunctionType, [0], 0),
      id: "é".repeat(500),
      messages: [
        { ...message, value },
        { ...message, value: null },
        { ...message, value },
      ],
      states: [value],
      lease: 0,
      attempt: 0,
      noLease: false,
    };
    const decoded = decodeBatch(new InvocationEncoder().encode(types, [invocation], 0));
    assert.deepEqual(seen(types, decoded), [expected(invocation)]);
  });

  it("returns bytes of their own: the next frame does not change them", () => {
    const encoder = new InvocationEncoder();
    const types = new StreamTypes(functions);
    const first = encoder.encode(types, [], 1);
    const before = first.toString("hex");
    encoder.encode(types, [], 2);
    assert.equal(first.toString("hex"), before);
  });
});
