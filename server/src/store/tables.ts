import { existsSync } from "node:fs";
import { open } from "lmdb";
import type { TableName } from "../codec/table-layout.js";
import { tableNames } from "../codec/table-layout.js";
import { makeDirectory } from "../files/make-directory.js";
import { checkedTable } from "./checked-table.js";
import type { Table } from "./table.js";
import { tableFilePath } from "./table-file.js";
import { bytesOfPut, TransactionRoom } from "./transaction-room.js";

/** The tables as the store uses them. Two exist: LMDB's, and the simulation's. */
export interface Tables {
  readonly root: {
    /** All that it puts and removes, or nothing; durable when it returns. */
    transactionSync<T>(act: () => T): T;
    /** Within a transaction: whether the disk has room for more of it. Else it should end. */
    hasRoom(): boolean;
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
  // The fold commits from another thread and waits for its own sync.
  overlappingSync: false,
} as const;

/**
 * Opens the LMDB environment and its tables. Keys and values are bytes; codec/table-layout.ts says
 * which. The map grows by itself; resident memory is mostly the map, which the system may take back.
 *
 * @throws StoreError WRITE_FAILED when there is no room for new ones.
 */
export function openTables(directory: string): Tables {
  const room = new TransactionRoom(directory);
  const path = tableFilePath(directory);
  makeDirectory(directory);
  if (!existsSync(path)) room.spend(0);
  const root = open({ path: directory, ...tableOptions });
  const openTable = (name: TableName): Table => {
    const table = root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
    return withinRoom(checkedTable(table, { path, name }), room);
  };
  const byName = Object.fromEntries(tableNames.map((name) => [name, openTable(name)])) as Record<
    TableName,
    Table
  >;
  return {
    root: {
      transactionSync: (act) => room.run(() => root.transactionSync(act)),
      hasRoom: () => room.isLeft,
      resetReadTxn: () => root.resetReadTxn(),
      close: () => root.close(),
    },
    byName,
  };
}

function withinRoom(table: Table, room: TransactionRoom): Table {
  return {
    ...table,
    putSync: (key, value) => {
      room.spend(bytesOfPut(value.length));
      return table.putSync(key, value);
    },
    removeSync: (key) => {
      room.spend(bytesOfPut(0));
      return table.removeSync(key);
    },
  };
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
