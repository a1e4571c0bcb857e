import { join } from "node:path";
import { open } from "lmdb";
import type { TableChange } from "../codec/record-codec.js";
import { derivedTables, tableNames } from "../codec/table-layout.js";
import { verifiedValue } from "./checked-table.js";
import { tableFilePath } from "./table-file.js";
import { tableOptions } from "./tables.js";

/**
 * The tables as they are when it is opened, whatever a fold writes later. For a thread of its own:
 * reading all of it takes as long as the tables are large. Until close() LMDB keeps every page that
 * the snapshot sees.
 *
 * CALLER: no fold is under way while the snapshot is opened, since a fold writes in several
 * transactions. Calls close() also when it has not read to the end.
 */
export interface Snapshot {
  /**
   * Every entry of every table that is not derived, in order of table and key, as the change that
   * puts it. The next step writes over the bytes of the one before.
   * @throws StoreError TABLES_CORRUPT
   */
  changes(): Generator<TableChange>;
  close(): Promise<void>;
}

/** Opens a snapshot of the tables of a data directory that its store has open. */
export function openSnapshot(dataDirectory: string): Snapshot {
  const directory = join(dataDirectory, "tables");
  const root = open({ path: directory, ...tableOptions });
  const names = tableNames.filter((name) => !derivedTables.has(name));
  const tables = names.map((name) => ({
    name,
    table: root.openDB<Buffer, Buffer>({ name, ...inPlace }),
  }));
  const transaction = root.useReadTransaction();
  const path = tableFilePath(directory);
  return {
    *changes() {
      for (const { name, table } of tables) {
        for (const { key, value } of table.getRange({ transaction, start: firstKey })) {
          yield { table: name, key, value: verifiedValue(key, value, { path, name }) };
        }
      }
    },
    async close() {
      transaction.done();
      await root.close();
    },
  };
}

const firstKey = Buffer.from([0]);

/** Options of a table: keys and values where LMDB's binding has copied them to, and will again. */
const inPlace = {
  encoder: {
    encode: (value: Buffer): Buffer => value,
    // The bytes that it hands over have a length of their own making.
    decode: ({ buffer, byteOffset }: Buffer, length: number): Buffer =>
      Buffer.from(buffer as ArrayBuffer, byteOffset, length),
  },
  keyEncoder: {
    writeKey(key: Buffer, target: Buffer, start: number): number {
      target.set(key, start);
      return start + key.length;
    },
    readKey: (target: Buffer, start: number, end: number): Buffer => target.subarray(start, end),
  },
};
