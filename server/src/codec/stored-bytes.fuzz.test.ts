import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import { decodeOwing } from "@statewire/fuzz/owes.js";
import fc from "fast-check";
import { changeSet } from "../../test/support/epoch-records.js";
import { createType } from "../core/catalog.js";
import { CorruptBytesError } from "./byte-reader.js";
import { RecordEncoder, readChangeAt, recordHeaderBytes, visitChanges } from "./record-codec.js";
import type { TableName } from "./table-layout.js";
import {
  readRowValue,
  readStateTable,
  readStoredMessage,
  readStoredRecord,
  readStoredTimer,
} from "./table-layout.js";

// Goal: stored bytes that are not what was written, and pass for it, are found out as such, never
// half read or by a stray exception. Method: an epoch with every kind of change, with changed bytes:
// its body as a record, its keys and values as those of tables.

const type = createType(7, "example/counter");
const message = {
  type,
  id: "ann",
  callerType: type,
  callerId: "bob",
  typename: "example/ping",
  value: Buffer.from("value"),
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  sequence: 5,
  key: "key",
  request: 0,
  storedEpoch: 0,
  consumed: false,
};
const record = Buffer.from(
  new RecordEncoder().encode(
    changeSet(1, {
      types: [type],
      stateTables: [
        {
          table: 16,
          typeName: "example/counter",
          name: "count",
          typename: "io.statefun.types/long",
          expiration: { mode: "afterWrite", durationMs: 1000 },
          expires: true,
        },
      ],
      rows: [
        { table: 16, key: "ann", value: Buffer.from("1"), expiresAtMs: 0 },
        { table: 16, key: "bob", value: Buffer.from("2"), expiresAtMs: 1_700_000_000_000 },
        { table: 16, key: "eve", value: null, expiresAtMs: 0 },
      ],
      messages: [message, { ...message, callerType: null, value: null, key: "" }],
      consumed: [message],
      timersSet: [{ ...message, dueMs: 1_700_000_000_000, token: "token", done: false }],
      records: [
        {
          egress: "example/out",
          sequence: 1,
          typename: "t",
          value: Buffer.from("line"),
          sourceType: type,
          sourceId: "ann",
          storedEpoch: 0,
        },
      ],
    }),
  ),
);

function isCorrupt(error: unknown): boolean {
  return error instanceof CorruptBytesError && error.message !== "";
}

interface Entry {
  readonly table: TableName;
  readonly key: Buffer;
  readonly value: Buffer;
}

function entriesOf(bytes: Buffer): Entry[] {
  const entries: Entry[] = [];
  visitChanges(bytes, { start: 0, end: bytes.length }, ({ at }) => {
    const { table, key, value } = readChangeAt(bytes, at);
    if (value !== null) entries.push({ table, key, value });
  });
  return entries;
}

const readers: Partial<Readonly<Record<TableName, (key: Buffer, value: Buffer) => unknown>>> = {
  rows: (_key, value) => readRowValue(value),
  messages: readStoredMessage,
  timers: readStoredTimer,
  records: readStoredRecord,
  states: readStateTable,
};

describe("stored bytes, of any kind", () => {
  fuzz(
    "stored: the body of a record",
    fc.property(mutations([record.subarray(recordHeaderBytes)]), (body) => {
      const bytes = Buffer.concat([record.subarray(0, recordHeaderBytes), body]);
      const entries = decodeOwing(bytes.length, () => entriesOf(bytes), isCorrupt) ?? [];
      for (const { table, key, value } of entries) {
        decodeOwing(value.length, () => readers[table]?.(key, value), isCorrupt);
      }
    }),
    { inputs: 1500 },
  );

  for (const { table, key, value } of entriesOf(record)) {
    const read = readers[table];
    if (read === undefined) continue;
    fuzz(
      `stored: an entry of ${table}, ${key.toString("hex")}`,
      fc.property(mutations([key]), mutations([value]), (anyKey, anyValue) => {
        decodeOwing(anyValue.length, () => read(anyKey, value), isCorrupt);
        decodeOwing(anyValue.length, () => read(key, anyValue), isCorrupt);
      }),
    );
  }

  it("begins with entries of every table that a start reads", () => {
    const tables = new Set(entriesOf(record).map((entry) => entry.table));
    for (const table of Object.keys(readers)) assert.ok(tables.has(table as TableName), table);
  });
});
