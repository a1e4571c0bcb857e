import { join } from "node:path";
import { open } from "lmdb";
import type { TableChange } from "../codec/record-codec.js";
import { derivedTables, tableNames } from "../codec/table-layout.js";
import { checksumBytes, readChecksum, verify } from "./checked-table.js";
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
  const tables = tableNames
    .filter((name) => !derivedTables.has(name))
    .map((name) => {
      const encoder = new InPlaceValues();
      const options = { encoder, keyEncoder: new InPlaceKeys() };
      return { name, encoder, table: root.openDB<Buffer, Buffer>({ name, ...options }) };
    });
  const transaction = root.useReadTransaction();
  const path = tableFilePath(directory);
  return {
    *changes() {
      for (const { name, encoder, table } of tables) {
        for (const entry of table.getRange({ transaction, start: firstKey })) {
          verify(entry, encoder.checksum, { path, name });
          yield { table: name, key: entry.key, value: entry.value };
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

/**
 * Values where LMDB's binding has copied them to, without their checksums. Neighbours are often
 * equally long: what is made for one serves the next, since both lie in the same place.
 */
class InPlaceValues {
  /** Of the last value. */
  checksum = -1;
  #stored: Buffer = Buffer.alloc(0);
  #value: Buffer = Buffer.alloc(0);

  encode(value: Buffer): Buffer {
    return value;
  }

  /** The binding's bytes have a length of their own making. */
  decode({ buffer, byteOffset }: Buffer, length: number): Buffer {
    const before = this.#stored;
    const isSame = before.buffer === buffer && before.byteOffset === byteOffset;
    if (!isSame || before.length !== length) {
      this.#stored = Buffer.from(buffer as ArrayBuffer, byteOffset, length);
      this.#value = this.#stored.subarray(checksumBytes);
    }
    this.checksum = readChecksum(this.#stored);
    return this.#value;
  }
}

/** As InPlaceValues, of keys. */
class InPlaceKeys {
  #key: Buffer = Buffer.alloc(0);

  // The binding calls both without their object.
  readonly readKey = (target: Buffer, start: number, end: number): Buffer => {
    const { buffer, byteOffset, length } = this.#key;
    const isSame = buffer === target.buffer && byteOffset === target.byteOffset + start;
    if (!isSame || length !== end - start) this.#key = target.subarray(start, end);
    return this.#key;
  };

  readonly writeKey = (key: Buffer, target: Buffer, start: number): number => {
    target.set(key, start);
    return start + key.length;
  };
}
