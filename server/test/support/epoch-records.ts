import { RecordEncoder } from "../../src/codec/record-codec.js";
import type { ChangeSet } from "../../src/core/change-set.js";

/** The table of the rows that these records change. */
export const rowTable = 16;

/** The changes of one epoch: those given, and nothing else. */
export function changeSet(epoch: number, changes: Partial<ChangeSet> = {}): ChangeSet {
  return {
    epoch,
    nextSequence: epoch,
    types: [],
    stateTables: [],
    rows: [],
    messages: [],
    consumed: [],
    timersSet: [],
    timersCleared: [],
    records: [],
    recordsAcknowledged: [],
    ...changes,
  };
}

/** The changes that write these rows; null deletes one. */
export function rowChanges(epoch: number, rows: Readonly<Record<string, string | null>>) {
  return changeSet(epoch, {
    rows: Object.entries(rows).map(([key, value]) => ({
      table: rowTable,
      key,
      value: value === null ? null : Buffer.from(value),
      expiresAtMs: 0,
      epoch,
    })),
  });
}

/** A journal record of its own memory. */
export function recordOf(changes: ChangeSet): Buffer {
  return Buffer.from(new RecordEncoder().encode(changes));
}
