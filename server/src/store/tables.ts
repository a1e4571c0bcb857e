import { open } from "lmdb";
import type { TableName } from "../codec/table-layout.js";
import { tableNames } from "../codec/table-layout.js";
import { checkedTable } from "./checked-table.js";
import type { Table } from "./table.js";
import { tableFilePath } from "./table-file.js";

/** The tables as the store uses them. Two exist: LMDB's, and the simulation's. */
export interface Tables {
  readonly root: {
    /** All that it puts and removes, or nothing; durable when it returns. */
    transactionSync<T>(act: () => T): T;
    /** Lets the next read see what other threads have written. */
    resetReadTxn(): void;
    close(): Promise<void>;
  };
  readonly byName: Readonly<Record<TableName, Table>>;
}

/** How every thread opens the environment: LMDB wants the same of all. */
export const tableOptions = {
  maxDbs: tableNames.length,
  encoding: "binary",
  keyEncoding: "binary",
  noMemInit: true,
  // The fold commits from another thread and waits for its own sync.
  overlappingSync: false,
} as const;

/**
 * Opens the LMDB environment and its tables. Keys and values are bytes; codec/table-layout.ts says
 * which. The map grows by itself; resident memory is mostly the map, which the system may take back.
 */
export function openTables(directory: string): Tables {
  const root = open({ path: directory, ...tableOptions });
  const path = tableFilePath(directory);
  const openTable = (name: TableName): Table => {
    const table = root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
    return checkedTable(table, { path, name });
  };
  const byName = Object.fromEntries(tableNames.map((name) => [name, openTable(name)])) as Record<
    TableName,
    Table
  >;
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
