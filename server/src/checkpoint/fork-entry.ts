import { ByteWriter } from "../codec/byte-writer.js";
import type { TableChange } from "../codec/record-codec.js";
import { readRowValue, writeRowValue } from "../codec/table-layout.js";
import { FieldReader, FieldWriter } from "../core/fields.js";
import { keyedTable } from "../core/state-table.js";

/**
 * An entry of a checkpoint as a fork begins with it: the same, but for where an egress stands in its
 * sink. The sequence goes on; in a file of its own, the fork has written nothing yet.
 */
export function forkEntry(change: TableChange): TableChange {
  const { table, key, value } = change;
  if (table !== "rows" || value === null || key.readUInt32BE(0) !== keyedTable.egress)
    return change;
  const { value: fields, expiresAtMs } = readRowValue(value);
  const sequence = new FieldReader(fields).number();
  const writer = new ByteWriter(64);
  writeRowValue(writer, new FieldWriter().number(sequence).number(0).finish(), expiresAtMs);
  return { ...change, value: writer.copy() };
}
