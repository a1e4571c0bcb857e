import type { Database, RootDatabase } from "lmdb";
import { open } from "lmdb";
import type { TableName } from "../codec/table-layout.js";
import { tableNames } from "../codec/table-layout.js";

export type Table = Database<Buffer, Buffer>;

export interface Tables {
  readonly root: RootDatabase;
  readonly byName: Readonly<Record<TableName, Table>>;
}

/**
 * Opens the LMDB environment and its tables. Keys and values are bytes; codec/table-layout.ts says
 * which. The map grows by itself; resident memory is mostly the map, which the system may take back.
 */
export function openTables(directory: string): Tables {
  const root = open({
    path: directory,
    maxDbs: tableNames.length,
    encoding: "binary",
    keyEncoding: "binary",
    noMemInit: true,
    // The fold commits from another thread and waits for its own sync.
    overlappingSync: false,
  });
  const byName = Object.fromEntries(
    tableNames.map((name) => [
      name,
      root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" }),
    ]),
  ) as Record<TableName, Table>;
  return { root, byName };
}

/** A number in the meta table; undefined when it was never set. */
export function readMetaNumber(tables: Tables, name: string): number | undefined {
  const bytes = tables.byName.meta.get(Buffer.from(name));
  return bytes === undefined ? undefined : Number(bytes.readBigUInt64BE(0));
}

export function metaNumber(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** How many entries a table has; LMDB keeps count. */
export function entryCount(table: Table): number {
  return (table.getStats() as { readonly entryCount: number }).entryCount;
}
