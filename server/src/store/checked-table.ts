import type { TableName } from "../codec/table-layout.js";
import { crc32Of } from "./crc32.js";
import { StoreError } from "./store-error.js";
import type { KeyRange, LmdbTable, Table } from "./table.js";

/**
 * What a value looks like in its table: u32 CRC-32 of key and value | value. LMDB has no checksums:
 * without one, a flipped bit would be somebody's state.
 */
export const checksumBytes = 4;

/** The checksum that stands before a value. */
export function checksumOf(key: Uint8Array, value: Uint8Array): number {
  return crc32Of(value, crc32Of(key));
}

/** For messages. */
export interface TablePlace {
  readonly path: string;
  readonly name: TableName;
}

/** The value without its checksum. @throws StoreError TABLES_CORRUPT when it does not verify. */
export function verifiedValue(key: Buffer, stored: Buffer, place: TablePlace): Buffer {
  // LMDB lends a buffer that is longer than its `length` says: subarray() of newer Node goes by the truth.
  const value = stored.subarray(checksumBytes, stored.length);
  verify({ key, value }, readChecksum(stored), place);
  return value;
}

/** The checksum that stands before a value; one that nothing has, when there is none. */
export function readChecksum(stored: Buffer): number {
  return stored.length < checksumBytes ? -1 : stored.readUInt32BE(0);
}

/** @throws StoreError TABLES_CORRUPT when the checksum is another's. */
export function verify(
  { key, value }: { readonly key: Buffer; readonly value: Buffer },
  checksum: number,
  { path, name }: TablePlace,
): void {
  if (checksum === checksumOf(key, value)) return;
  throw new StoreError(
    "TABLES_CORRUPT",
    `${path} is damaged: the value of key ${key.toString("hex")} in table ${name} does not verify`,
  );
}

/**
 * A table whose values carry checksums, seen without them. Every read verifies.
 *
 * @throws StoreError TABLES_CORRUPT from every read of a value that is not what was put.
 */
export function checkedTable(table: LmdbTable, where: TablePlace): Table {
  const open = (key: Buffer, stored: Buffer): Buffer => verifiedValue(key, stored, where);
  let scratch = Buffer.allocUnsafeSlow(1024);
  return {
    get: (key) => {
      const stored = table.get(key);
      return stored === undefined ? undefined : open(key, stored);
    },
    getBinaryFast: (key) => {
      const stored = table.getBinaryFast(key);
      return stored === undefined ? undefined : open(key, stored);
    },
    getRange: function* (range) {
      for (const { key, value } of table.getRange(range)) yield { key, value: open(key, value) };
    },
    getKeys: (range) => table.getKeys(range),
    // The library writes into what it gets.
    countKeys: (range) => table.getKeysCount({ ...range }),
    lastKey: (range) => lastKey(table, range),
    putSync: (key, value) => {
      const length = checksumBytes + value.length;
      if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(2 * length);
      scratch.writeUInt32BE(checksumOf(key, value), 0);
      scratch.set(value, checksumBytes);
      // LMDB has copied it when this returns.
      return table.putSync(key, scratch.subarray(0, length));
    },
    removeSync: (key) => table.removeSync(key),
    getStats: () => table.getStats(),
  };
}

function lastKey(table: LmdbTable, { start, end }: KeyRange): Buffer | undefined {
  const bounds = { exclusiveStart: end !== undefined, inclusiveEnd: start !== undefined };
  const from = end === undefined ? {} : { start: end };
  const to = start === undefined ? {} : { end: start };
  const range = { ...from, ...to, ...bounds, reverse: true, limit: 1 };
  for (const key of table.getKeys(range)) return key;
  return undefined;
}
