import type { Invocation } from "../core/effect.js";
import type { Message } from "../core/message.js";
import { ReverseWriter } from "./reverse-writer.js";
import type { StreamTypes } from "./stream-types.js";

/** Tags of stream.proto: field number << 3 | wire type. */
const tag = {
  frame: { invocations: (2 << 3) | 2 },
  batch: { types: (1 << 3) | 2, invocations: (2 << 3) | 2, resultCreditBytes: 3 << 3 },
  definition: { index: 1 << 3, typeName: (2 << 3) | 2, entry: 3 << 3 },
  invocation: {
    invocationId: 1 << 3,
    type: 2 << 3,
    id: (3 << 3) | 2,
    inputs: (4 << 3) | 2,
    states: (5 << 3) | 2,
    lease: 6 << 3,
    timeoutMs: 7 << 3,
    attempt: 8 << 3,
    noLease: 9 << 3,
  },
  input: {
    callerType: 1 << 3,
    callerId: (2 << 3) | 2,
    typename: (3 << 3) | 2,
    value: (4 << 3) | 2,
    wantsReply: 5 << 3,
    traceparent: (6 << 3) | 2,
  },
  state: { state: 1 << 3, value: (2 << 3) | 2 },
} as const;

/**
 * Writes RuntimeFrame messages with an InvocationBatch, byte for byte as protobuf would, straight
 * from the core's values. The other frames are rare and go through the generated code.
 */
export class InvocationEncoder {
  readonly #writer = new ReverseWriter();

  /** One frame. `resultCreditBytes`: what goes back to the server's balance. [CREDIT-5] */
  encode(
    types: StreamTypes,
    invocations: readonly Invocation[],
    resultCreditBytes: number,
  ): Buffer {
    const writer = this.#writer;
    writer.reset();
    writer.numberField(tag.batch.resultCreditBytes, resultCreditBytes);
    for (let at = invocations.length - 1; at >= 0; at--) {
      const before = writer.length;
      this.#invocation(types, invocations[at] as Invocation);
      writer.nested(tag.batch.invocations, before);
    }
    const definitions = types.takeDefinitions();
    for (let at = definitions.length - 1; at >= 0; at--) {
      const definition = definitions[at];
      if (definition === undefined) continue;
      const before = writer.length;
      writer.numberField(tag.definition.entry, definition.entry);
      writer.textField(tag.definition.typeName, definition.typeName);
      writer.numberField(tag.definition.index, definition.index);
      writer.nested(tag.batch.types, before);
    }
    writer.nested(tag.frame.invocations, 0);
    return writer.copy();
  }

  #invocation(types: StreamTypes, invocation: Invocation): void {
    const writer = this.#writer;
    const { binding, messages, states } = invocation;
    writer.numberField(tag.invocation.noLease, invocation.noLease ? 1 : 0);
    writer.numberField(tag.invocation.attempt, invocation.attempt);
    writer.numberField(tag.invocation.timeoutMs, binding.invocationTimeoutMs);
    writer.numberField(tag.invocation.lease, invocation.lease);
    for (let at = states.length - 1; at >= 0; at--) {
      const value = states[at];
      if (value === null || value === undefined) continue;
      const before = writer.length;
      writer.bytesField(tag.state.value, value);
      writer.numberField(tag.state.state, binding.eager[at] ?? 0);
      writer.nested(tag.invocation.states, before);
    }
    for (let at = messages.length - 1; at >= 0; at--) {
      const before = writer.length;
      this.#input(types, messages[at] as Message);
      writer.nested(tag.invocation.inputs, before);
    }
    writer.textField(tag.invocation.id, invocation.id);
    writer.numberField(tag.invocation.type, types.indexOf(binding.type));
    writer.numberField(tag.invocation.invocationId, invocation.invocation);
  }

  #input(types: StreamTypes, message: Message): void {
    const writer = this.#writer;
    writer.textField(tag.input.traceparent, message.traceparent);
    writer.numberField(tag.input.wantsReply, message.request !== 0 || message.key !== "" ? 1 : 0);
    if (message.value !== null) writer.bytesField(tag.input.value, message.value);
    writer.textField(tag.input.typename, message.typename);
    if (message.callerType === null) return;
    writer.textField(tag.input.callerId, message.callerId);
    writer.numberField(tag.input.callerType, types.indexOf(message.callerType));
  }
}
