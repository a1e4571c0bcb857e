import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import type { Database } from "lmdb";
import { open } from "lmdb";
import type { TableChange } from "../codec/record-codec.js";
import type { TableName } from "../codec/table-layout.js";
import { derivedTables, formatVersion, tableNames } from "../codec/table-layout.js";
import { makeDirectory } from "../files/make-directory.js";
import { checksumBytes, checksumOf } from "./checked-table.js";
import { expiryEntry } from "./expiry-index.js";
import { assertFormat } from "./format-file.js";
import { Journal } from "./journal.js";
import { StoreError } from "./store-error.js";
import { systemDisk } from "./system-disk.js";
import { stampTables } from "./table-stamp.js";
import { metaNumber, tableOptions } from "./tables.js";
import { TransactionRoom } from "./transaction-room.js";

/** Entries of one transaction: few enough that what they are read into is garbage while it is young. */
const entriesMax = 1024;

const nothing = Buffer.alloc(0);

/** Keys of the table "meta" that are the data directory's own, and not the application's. */
const ownKeys: ReadonlySet<string> = new Set(["foldedEpoch", "format", "nodeId"]);

/** Tables that are being filled: while they are there, the directory counts as empty. */
const buildingName = "tables-restoring";

/** Whether there is nothing that a store would go on from, or trip over. */
export function isDataDirectoryEmpty(directory: string): boolean {
  const hasFiles = (name: string): boolean => {
    const path = join(directory, name);
    return existsSync(path) && readdirSync(path).length > 0;
  };
  if (existsSync(join(directory, buildingName))) return true;
  return !hasFiles("tables") && !hasFiles("journal");
}

/** @throws StoreError DIRECTORY_IN_USE when there is data in the directory. */
export function assertDataDirectoryEmpty(directory: string): void {
  if (isDataDirectoryEmpty(directory)) return;
  throw new StoreError(
    "DIRECTORY_IN_USE",
    `data directory ${directory} (dataDir, --data-dir) holds data: restore into an empty one`,
  );
}

/**
 * Fills an empty data directory from entries in order, as fast as LMDB takes them: appended, without
 * a sync before the end.
 *
 * INVARIANT: the directory stays empty, as Store.open() sees it, until finish() has renamed the
 * whole into place: a restore that died begins anew.
 */
export class TableLoader {
  readonly #directory: string;
  readonly #building: string;
  readonly #root: ReturnType<typeof open>;
  readonly #tables: Readonly<Record<TableName, Database<Buffer, Buffer>>>;
  #scratch = Buffer.allocUnsafeSlow(64 * 1024);
  readonly #room: TransactionRoom;
  #batch: TableChange[] = [];
  #entries = 0;
  #bytes = 0;

  /** @throws StoreError DIRECTORY_IN_USE when there is data in the directory; FORMAT_UNKNOWN. */
  constructor(directory: string) {
    assertDataDirectoryEmpty(directory);
    this.#directory = directory;
    this.#building = join(directory, buildingName);
    rmSync(this.#building, { recursive: true, force: true });
    for (const name of ["deltas", "journal", "tables"]) {
      rmSync(join(directory, name), { recursive: true, force: true });
    }
    makeDirectory(directory);
    assertFormat(directory, join(directory, "tables"));
    makeDirectory(this.#building);
    this.#room = new TransactionRoom(this.#building);
    this.#room.spend(0);
    const root = open({ path: this.#building, ...tableOptions, noSync: true });
    const openTable = (name: TableName) =>
      root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
    this.#root = root;
    this.#tables = Object.fromEntries(tableNames.map((name) => [name, openTable(name)])) as Record<
      TableName,
      Database<Buffer, Buffer>
    >;
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Entries come in order of table and key. Their bytes must not change any more. */
  put(change: TableChange): void {
    if (derivedTables.has(change.table)) return;
    if (change.table === "meta" && ownKeys.has(change.key.toString())) return;
    this.#batch.push(change);
    this.#bytes += change.key.length + (change.value?.length ?? 0);
    if (this.#batch.length >= entriesMax) this.#flush();
  }

  /** The directory holds the state after the epoch, under a new node id; durable when it resolves. */
  async finish(epoch: number, segmentBytes: number): Promise<void> {
    this.#flush();
    this.#root.transactionSync(() => {
      this.#putMeta("foldedEpoch", metaNumber(epoch));
      this.#putMeta("format", metaNumber(formatVersion));
      this.#putMeta("nodeId", Buffer.from(randomUUID()));
    });
    await this.#root.close();
    const journal = join(this.#directory, "journal");
    makeDirectory(journal);
    const options = { disk: systemDisk, directory: journal, segmentBytes };
    await new Journal(options, { folded: [], firstEpoch: epoch + 1 }).close();
    syncFile(join(this.#building, "data.mdb"));
    systemDisk.syncNames(this.#building);
    renameSync(this.#building, join(this.#directory, "tables"));
    stampTables(join(this.#directory, "tables"), { isSettled: true });
    systemDisk.syncNames(this.#directory);
  }

  /** Leaves the directory as empty as it was. */
  async abandon(): Promise<void> {
    await this.#root.close();
    rmSync(this.#building, { recursive: true, force: true });
  }

  #putMeta(name: string, value: Buffer): void {
    const key = Buffer.from(name);
    this.#tables.meta.putSync(key, this.#checked(key, value));
  }

  /** As it stands in its table. Valid until the next call: LMDB copies what it puts. */
  #checked(key: Buffer, value: Buffer): Buffer {
    const length = checksumBytes + value.length;
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafeSlow(2 * length);
    this.#scratch.writeUInt32BE(checksumOf(key, value), 0);
    this.#scratch.set(value, checksumBytes);
    return this.#scratch.subarray(0, length);
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#room.spend(batch.reduce((sum, entry) => sum + bytesOf(entry), 0));
    this.#root.transactionSync(() => {
      for (const { table, key, value } of batch) {
        if (value === null) continue;
        this.#tables[table].putSync(key, this.#checked(key, value), { append: true });
        this.#entries++;
        const entry = table === "rows" ? expiryEntry(key, value) : null;
        if (entry !== null) this.#tables.expiries.putSync(entry, this.#checked(entry, nothing));
      }
    });
  }
}

/** In order of their keys, entries fill one page after the other; with an entry of the expiry. */
function bytesOf({ key, value }: TableChange): number {
  return 4 * key.length + 2 * (value?.length ?? 0) + 128;
}

function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
