import { readEgressKey, readRowValue, readStateTable } from "../codec/table-layout.js";
import { keyedTable } from "../core/state-table.js";
import type { StoredImage, StoredKeyedRow, StoredOutbox } from "../core/store-view.js";
import { countBacklogs } from "./mailbox-range.js";
import type { Tables } from "./tables.js";
import { entryCount, readMetaNumber } from "./tables.js";

/** What the core needs to go on: the tables as of their folded epoch, read once. Queues are counted. */
export function readImage(tables: Tables): StoredImage {
  const { types, states } = tables.byName;
  return {
    epoch: readMetaNumber(tables, "foldedEpoch") ?? 0,
    nextSequence: readMetaNumber(tables, "nextSequence") ?? 1,
    types: [...types.getRange()].map(({ key, value }) => ({
      index: key.readUInt32BE(0),
      name: value.toString("utf8"),
    })),
    stateTables: [...states.getRange()].map(({ key, value }) => readStateTable(key, value)),
    backlogs: countBacklogs(tables.byName.messages),
    timerCount: entryCount(tables.byName.timers),
    outboxes: countOutboxes(tables),
    parked: readKeyedRows(tables, keyedTable.parked),
  };
}

function* countOutboxes(tables: Tables): Generator<StoredOutbox> {
  let outbox: StoredOutbox | null = null;
  for (const key of tables.byName.records.getKeys({})) {
    const { egress, sequence }: { egress: string; sequence: number } = readEgressKey(key);
    if (outbox !== null && outbox.egress !== egress) yield outbox;
    const before: number = outbox?.egress === egress ? outbox.count : 0;
    outbox = { egress, count: before + 1, last: sequence };
  }
  if (outbox !== null) yield outbox;
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
