import { createType } from "../../src/core/catalog.js";
import type { OutboxRecord } from "../../src/core/outbox.js";

const sourceType = createType(1, "test/source");

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
