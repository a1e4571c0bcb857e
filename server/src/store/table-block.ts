import { CorruptBytesError } from "../codec/byte-reader.js";
import { ChangeReader } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import type { TableName } from "../codec/table-layout.js";
import { tableNames } from "../codec/table-layout.js";
import { checksumBytes, checksumOf } from "./checked-table.js";

/**
 * Entries in order of table and key, as their tables hold them. One thread makes them of changes,
 * checksums and all; another puts them into LMDB, and needs no object for any of them.
 *
 *     bytes    of each entry: key | u32 CRC-32 | value
 *     places   of each entry: index of the table; where the key, the checksum and what follows begin
 */
export interface TableBlock {
  /** From the first byte of its memory. */
  readonly bytes: Buffer;
  readonly places: Int32Array;
}

/** Numbers of an entry in `places`. */
export const placeLength = 4;

/** A change has a byte and two lengths where an entry has a checksum: at least so many bytes. */
const changeBytesMin = 3;

/**
 * Makes a block of changes; deletes are left out.
 *
 * @param tables - The names behind the indexes.
 * @param allocate - Gives memory of at least so many bytes, for the block alone.
 * @throws CorruptBytesError for bytes that are no changes, or end within one.
 */
export function packBlock(
  raw: Buffer,
  tables: readonly TableName[],
  allocate: (bytes: number) => Buffer = Buffer.allocUnsafeSlow,
): TableBlock {
  const reader = new ChangeReader(tables);
  reader.fill(raw);
  const bytes = allocate(raw.length + Math.ceil(raw.length / changeBytesMin));
  const places: number[] = [];
  let at = 0;
  for (let change = reader.next(); change !== null; change = reader.next()) {
    const { table, key, value } = change;
    if (value === null) continue;
    const checksumAt = at + key.length;
    bytes.set(key, at);
    bytes.writeUInt32BE(checksumOf(key, value), checksumAt);
    bytes.set(value, checksumAt + checksumBytes);
    const end = checksumAt + checksumBytes + value.length;
    places.push(tableNames.indexOf(table), at, checksumAt, end);
    at = end;
  }
  if (reader.pending > 0) throw new CorruptBytesError("changes end within one");
  return { bytes, places: new Int32Array(places) };
}

export function entriesOf({ places }: TableBlock): number {
  return places.length / placeLength;
}

/** One entry as the change that puts it. */
export function entryAt({ bytes, places }: TableBlock, entry: number): TableChange {
  const at = entry * placeLength;
  const [table = 0, keyAt, checksumAt = 0, end] = places.subarray(at, at + placeLength);
  return {
    table: tableNames[table] as TableName,
    key: bytes.subarray(keyAt, checksumAt),
    value: bytes.subarray(checksumAt + checksumBytes, end),
  };
}

/** The first entry at or after `from` that does not come before a change's key. */
export function findEntry(block: TableBlock, change: TableChange, from: number): number {
  let first = from;
  let end = entriesOf(block);
  while (first < end) {
    const middle = (first + end) >> 1;
    if (compareEntry(block, middle, change) < 0) first = middle + 1;
    else end = middle;
  }
  return first;
}

/** As compareChanges(). */
export function compareEntry(
  { bytes, places }: TableBlock,
  entry: number,
  { table, key }: Pick<TableChange, "table" | "key">,
): number {
  const at = entry * placeLength;
  const order = (places[at] ?? 0) - tableNames.indexOf(table);
  return order || bytes.compare(key, 0, key.length, places[at + 1], places[at + 2]);
}
