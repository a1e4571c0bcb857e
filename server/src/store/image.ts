import {
  readRowValue,
  readStateTable,
  readStoredMessage,
  readStoredRecord,
} from "../codec/table-layout.js";
import { keyedTable } from "../core/state-table.js";
import type {
  StoredImage,
  StoredKeyedRow,
  StoredMailbox,
  StoredMessage,
  StoredOutbox,
  StoredRecord,
} from "../core/store-view.js";
import type { Tables } from "./tables.js";
import { entryCount, readMetaNumber } from "./tables.js";

/** How much of a long queue comes into memory at a start. */
export interface ImageLimits {
  readonly mailboxInMemoryMax: number;
  readonly outboxInMemoryMax: number;
}

/** Everything the core needs to go on: the tables as of their folded epoch, read once. */
export function readImage(tables: Tables, limits: ImageLimits): StoredImage {
  const { types, states } = tables.byName;
  return {
    epoch: readMetaNumber(tables, "foldedEpoch") ?? 0,
    nextSequence: readMetaNumber(tables, "nextSequence") ?? 1,
    types: [...types.getRange()].map(({ key, value }) => ({
      index: key.readUInt32BE(0),
      name: value.toString("utf8"),
    })),
    stateTables: [...states.getRange()].map(({ key, value }) => readStateTable(key, value)),
    mailboxes: readMailboxes(tables, limits.mailboxInMemoryMax),
    timerCount: entryCount(tables.byName.timers),
    outboxes: readOutboxes(tables, limits.outboxInMemoryMax),
    parked: readKeyedRows(tables, keyedTable.parked),
    attempts: readKeyedRows(tables, keyedTable.attempts),
  };
}

function* readMailboxes(tables: Tables, inMemoryMax: number): Generator<StoredMailbox> {
  let current: { type: number; id: string; messages: StoredMessage[] } | null = null;
  let spilledCount = 0;
  let spilledLast = 0;
  for (const { key, value } of tables.byName.messages.getRange()) {
    const message = readStoredMessage(key, value);
    if (current === null || current.type !== message.type || current.id !== message.id) {
      if (current !== null) yield { ...current, spilledCount, spilledLast };
      current = { type: message.type, id: message.id, messages: [] };
      spilledCount = 0;
      spilledLast = 0;
    }
    if (current.messages.length < inMemoryMax) current.messages.push(message);
    else {
      spilledCount++;
      spilledLast = message.sequence;
    }
  }
  if (current !== null) yield { ...current, spilledCount, spilledLast };
}

function* readOutboxes(tables: Tables, inMemoryMax: number): Generator<StoredOutbox> {
  let egress: string | null = null;
  let records: StoredRecord[] = [];
  let spilledCount = 0;
  let spilledLast = 0;
  for (const { key, value } of tables.byName.records.getRange()) {
    const record = readStoredRecord(key, value);
    if (egress !== record.egress) {
      if (egress !== null) yield { egress, records, spilledCount, spilledLast };
      egress = record.egress;
      records = [];
      spilledCount = 0;
      spilledLast = 0;
    }
    if (records.length < inMemoryMax) records.push(record);
    else {
      spilledCount++;
      spilledLast = record.sequence;
    }
  }
  if (egress !== null) yield { egress, records, spilledCount, spilledLast };
}

function* readKeyedRows(tables: Tables, table: number): Generator<StoredKeyedRow> {
  const start = Buffer.alloc(4);
  start.writeUInt32BE(table);
  const end = Buffer.alloc(4);
  end.writeUInt32BE(table + 1);
  for (const { key, value } of tables.byName.rows.getRange({ start, end })) {
    yield { key: key.toString("utf8", 4), value: readRowValue(value).value };
  }
}
