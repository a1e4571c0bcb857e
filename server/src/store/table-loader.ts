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
import type { TableChange } from "../codec/record-codec.js";
import { formatVersion, tableNames } from "../codec/table-layout.js";
import { makeDirectory } from "../files/make-directory.js";
import { checksumBytes, checksumOf } from "./checked-table.js";
import { EarlySync } from "./early-sync.js";
import type { EntryPlace } from "./entry-tables.js";
import { EntryTables } from "./entry-tables.js";
import { expiryEntry } from "./expiry-index.js";
import { assertFormat } from "./format-file.js";
import { Journal } from "./journal.js";
import { StoreError } from "./store-error.js";
import { systemDisk } from "./system-disk.js";
import type { TableBlock } from "./table-block.js";
import { placeLength } from "./table-block.js";
import { tableFilePath } from "./table-file.js";
import { stampTables } from "./table-stamp.js";
import { metaNumber } from "./tables.js";
import { TransactionRoom } from "./transaction-room.js";

/** Of one transaction, whose memory LMDB keeps, and of what waits for one. */
const transactionBytes = 4 * 1024 * 1024;
/** Each may put an entry of the expiry somewhere else, and so on a page of its own. */
const transactionEntries = 4096;

const nothing = Buffer.alloc(0);

/** On disk, beside a key and a value: such a page. */
const entryRoom = 4096;

const append = { append: true };
const inPlace = { append: false };
const noPlace: EntryPlace = { bytes: nothing, keyAt: 0, checksumAt: 0, end: 0 };
const rowsTable = tableNames.indexOf("rows");
const metaTable = tableNames.indexOf("meta");
/** It follows from the rows. */
const expiriesTable = tableNames.indexOf("expiries");
/** What a row begins with that never expires. */
const rowForEver = 0;

/** Entries of a block from one up to another. */
interface Entries {
  readonly block: TableBlock;
  readonly from: number;
  readonly to: number;
}

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
  readonly #tables: EntryTables;
  readonly #room: TransactionRoom;
  readonly #early: EarlySync;
  /** What an entry that comes as a change is made in. */
  readonly #made: EntryPlace = { ...noPlace, bytes: Buffer.allocUnsafeSlow(64 * 1024) };
  /** An entry of a block. */
  readonly #place: EntryPlace = { ...noPlace };
  #waiting: (TableChange | Entries)[] = [];
  #waitingBytes = 0;
  #waitingEntries = 0;
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
    this.#tables = new EntryTables(this.#building);
    this.#early = new EarlySync(tableFilePath(this.#building));
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Entries come in order of table and key, by either call. Their bytes stay as they are until flush(). */
  put(change: TableChange): void {
    this.#take(change, 1);
  }

  /** Those of a block from one up to another, which is left out. */
  putEntries(block: TableBlock, from: number, to: number): void {
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + transactionEntries - this.#waitingEntries);
      this.#take({ block, from: at, to: end }, end - at);
      at = end;
    }
  }

  /** Hands LMDB everything that waits for a transaction. */
  flush(): void {
    if (this.#waiting.length > 0) this.#flush();
  }

  /** The directory holds the state after the epoch, under a new node id; durable when it resolves. */
  async finish(epoch: number, segmentBytes: number): Promise<void> {
    this.flush();
    this.#tables.transaction(() => {
      this.#putMeta("foldedEpoch", metaNumber(epoch));
      this.#putMeta("format", metaNumber(formatVersion));
      this.#putMeta("nodeId", Buffer.from(randomUUID()));
    });
    await this.#early.close();
    await this.#tables.close();
    const journal = join(this.#directory, "journal");
    makeDirectory(journal);
    const options = { disk: systemDisk, directory: journal, segmentBytes };
    await new Journal(options, { folded: [], firstEpoch: epoch + 1 }).close();
    syncFile(tableFilePath(this.#building));
    systemDisk.syncNames(this.#building);
    renameSync(this.#building, join(this.#directory, "tables"));
    stampTables(join(this.#directory, "tables"), { isSettled: true });
    systemDisk.syncNames(this.#directory);
  }

  /** Leaves the directory as empty as it was. */
  async abandon(): Promise<void> {
    await this.#early.close();
    await this.#tables.close();
    rmSync(this.#building, { recursive: true, force: true });
  }

  #putMeta(name: string, value: Buffer): void {
    this.#make(Buffer.from(name), value);
    this.#tables.put(metaTable, this.#made, inPlace);
  }

  #take(entries: TableChange | Entries, count: number): void {
    this.#waiting.push(entries);
    this.#waitingBytes += bytesOf(entries);
    this.#waitingEntries += count;
    const isFull = this.#waitingEntries >= transactionEntries;
    if (isFull || this.#waitingBytes >= transactionBytes) this.#flush();
  }

  #flush(): void {
    const waiting = this.#waiting;
    // In order of their keys, entries fill one page after the other.
    this.#room.spend(2 * this.#waitingBytes + entryRoom * this.#waitingEntries);
    this.#early.note(this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#waitingEntries = 0;
    this.#tables.transaction(() => {
      for (const entries of waiting) {
        if ("block" in entries) this.#putBlock(entries);
        else this.#putChange(entries);
      }
    });
  }

  #putBlock({ block: { bytes, places }, from, to }: Entries): void {
    const place = this.#place;
    place.bytes = bytes;
    for (let at = from * placeLength; at < to * placeLength; at += placeLength) {
      place.keyAt = places[at + 1] as number;
      place.checksumAt = places[at + 2] as number;
      place.end = places[at + 3] as number;
      this.#putEntry(places[at] as number, place);
    }
  }

  #putChange({ table, key, value }: TableChange): void {
    if (value === null) return;
    this.#make(key, value);
    this.#putEntry(tableNames.indexOf(table), this.#made);
  }

  #putEntry(table: number, place: EntryPlace): void {
    const { bytes, keyAt, checksumAt, end } = place;
    if (table === expiriesTable) return;
    if (table === metaTable && ownKeys.has(bytes.toString("latin1", keyAt, checksumAt))) return;
    this.#tables.put(table, place, append);
    this.#entries++;
    this.#bytes += end - keyAt - checksumBytes;
    const valueAt = checksumAt + checksumBytes;
    if (table !== rowsTable || bytes[valueAt] === rowForEver) return;
    const entry = expiryEntry(bytes.subarray(keyAt, checksumAt), bytes.subarray(valueAt, end));
    if (entry === null) return;
    this.#make(entry, nothing);
    this.#tables.put(expiriesTable, this.#made, inPlace);
  }

  /** Puts an entry together. LMDB copies what it puts: the memory serves the next one. */
  #make(key: Buffer, value: Buffer): void {
    const place = this.#made;
    place.checksumAt = key.length;
    place.end = key.length + checksumBytes + value.length;
    if (place.bytes.length < place.end) place.bytes = Buffer.allocUnsafeSlow(2 * place.end);
    place.bytes.set(key, 0);
    place.bytes.writeUInt32BE(checksumOf(key, value), place.checksumAt);
    place.bytes.set(value, place.checksumAt + checksumBytes);
  }
}

function bytesOf(entries: TableChange | Entries): number {
  if (!("block" in entries)) return entries.key.length + (entries.value?.length ?? 0);
  const { block, from, to } = entries;
  const { places } = block;
  return (places[to * placeLength - 1] ?? 0) - (places[from * placeLength + 1] ?? 0);
}

function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
