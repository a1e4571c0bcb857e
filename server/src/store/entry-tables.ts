import type { Database } from "lmdb";
import { open } from "lmdb";
import { tableNames } from "../codec/table-layout.js";
import { tableOptions } from "./tables.js";

/** Where an entry lies in memory: its key, its checksum and value right behind, and what follows. */
export interface EntryPlace {
  /** From the first byte of its memory. */
  bytes: Buffer;
  keyAt: number;
  checksumAt: number;
  end: number;
}

/** The binding takes the part between the two for the value, when they are there. */
type Stretch = Buffer & { start?: number; end?: number };

/**
 * New tables for entries that lie somewhere in memory as they shall stand in them: nothing is made
 * for any of them on the way into LMDB. Nothing is durable before the file is synchronized.
 */
export class EntryTables {
  readonly #root: ReturnType<typeof open>;
  /** In the order of their names. */
  readonly #tables: readonly Database<Stretch, EntryPlace & string>[];

  constructor(directory: string) {
    const root = open({ path: directory, ...tableOptions, noSync: true });
    const options = { encoding: "binary", keyEncoder: { writeKey, readKey } } as const;
    this.#root = root;
    this.#tables = tableNames.map((name) => root.openDB({ name, ...options }));
  }

  transaction(act: () => void): void {
    this.#root.transactionSync(act);
  }

  /** Within a transaction. `append`: no key of the table comes behind. */
  put(table: number, place: EntryPlace, options: { readonly append: boolean }): void {
    const value: Stretch = place.bytes;
    value.start = place.checksumAt;
    value.end = place.end;
    this.#tables[table]?.putSync(place as EntryPlace & string, value, options);
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

function writeKey({ bytes, keyAt, checksumAt }: EntryPlace, target: Buffer, start: number): number {
  const offset = start - keyAt;
  for (let at = keyAt; at < checksumAt; at++) target[at + offset] = bytes[at] as number;
  return checksumAt + offset;
}

function readKey(): never {
  throw new Error("tables that are being filled are not read");
}
