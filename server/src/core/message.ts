import type { FunctionType } from "./function-type.js";

/**
 * A message in a mailbox, from arrival until the result that consumes it is applied.
 *
 * INVARIANTS
 * - sequence rises with arrival, over the whole shard, across restarts: the order of a mailbox is
 *   the order of its messages' sequences.
 * - storedEpoch is 0 until an epoch with the message was sealed; only a stored message needs a
 *   delete when it is consumed.
 */
export interface Message {
  readonly type: FunctionType;
  readonly id: string;
  /** Null: it came from an ingress. */
  readonly callerType: FunctionType | null;
  readonly callerId: string;
  readonly typename: string;
  readonly value: Uint8Array | null;
  readonly traceparent: string;
  readonly sequence: number;
  /** The idempotency key under which a reply is kept; empty: none. */
  readonly key: string;
  /** The call that waits for the reply; 0: none. Not stored: a caller does not survive a crash. */
  request: number;
  storedEpoch: number;
  consumed: boolean;
}

/** What a message holds in memory, in bytes: the measure of batches and limits. */
export function payloadBytes(message: Message): number {
  return message.value === null ? 0 : message.value.length;
}

/**
 * What a message takes in a frame, at the most: a code unit has up to three bytes of UTF-8, and the
 * tags, lengths and numbers have some.
 */
export function frameBytes(message: Message): number {
  const { callerId, typename, traceparent } = message;
  const names = callerId.length + typename.length + traceparent.length;
  return payloadBytes(message) + 3 * names + 24;
}
