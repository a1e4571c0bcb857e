import type { FunctionType } from "../../src/core/function-type.js";
import type { OutboxRecord } from "../../src/core/outbox.js";

const sourceType: FunctionType = {
  index: 1,
  name: "test/source",
  mailboxes: new Map(),
  states: new Map(),
  bindings: [],
  unplaced: new Set(),
  counters: {
    messagesIn: 0,
    messagesToFunctions: 0,
    messagesToEgress: 0,
    failures: 0,
    invocations: 0,
    waiting: 0,
    inFlight: 0,
    parked: 0,
  },
};

export function outboxRecord(
  sequence: number,
  value: string | Uint8Array | null = `{"n":${sequence}}`,
  typename = "test/record",
): OutboxRecord {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return {
    egress: "test/out",
    sequence,
    typename,
    value: bytes,
    sourceType,
    sourceId: `id-${sequence}`,
    storedEpoch: 1,
  };
}

/** Records with sequences from the first to the last. */
export function outboxRecords(first: number, last: number): OutboxRecord[] {
  return Array.from({ length: last - first + 1 }, (_, index) => outboxRecord(first + index));
}
