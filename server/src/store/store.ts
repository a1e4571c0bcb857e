import { rmSync } from "node:fs";
import { join } from "node:path";
import { ByteWriter } from "../codec/byte-writer.js";
import {
  formatVersion,
  readRowValue,
  readStoredMessage,
  readStoredRecord,
  readStoredTimer,
  writeEgressPrefix,
  writeMailboxPrefix,
  writeRowKey,
  writeTimerKey,
} from "../codec/table-layout.js";
import type {
  MailboxLimits,
  MailboxRange,
  SequenceRange,
  StoredImage,
  StoredMailbox,
  StoredMailboxes,
  StoredMessage,
  StoredRecord,
  StoredRow,
  StoredTimer,
  StoreView,
  TimerRange,
} from "../core/store-view.js";
import { makeDirectory } from "../files/make-directory.js";
import { createDataDirectory } from "./data-directory.js";
import type { DeltaFile } from "./delta-file.js";
import { DeltaFiles } from "./delta-files.js";
import { lockDirectory } from "./directory-lock.js";
import type { Disk } from "./disk.js";
import type { SweepReport } from "./expiry-index.js";
import type { FoldReport } from "./fold.js";
import type { FoldRequest } from "./fold-request.js";
import { FoldThread } from "./fold-thread.js";
import { assertFormat } from "./format-file.js";
import { readImage } from "./image.js";
import { Journal } from "./journal.js";
import { readMailbox, readMailboxes } from "./mailbox-range.js";
import { findSegments, foldTail } from "./recovery.js";
import type { JournalPlace } from "./segment.js";
import { StoreError } from "./store-error.js";
import { systemDisk } from "./system-disk.js";
import type { Table } from "./table.js";
import { withTableFile } from "./table-file.js";
import { scanTables } from "./table-scan.js";
import { beginStart, stampTables } from "./table-stamp.js";
import type { Tables } from "./tables.js";
import { metaNumber, openTables, readMetaNumber } from "./tables.js";

export interface StoreOptions {
  /** The data directory; created when it is not there. */
  readonly directory: string;
  readonly segmentBytes: number;
  /** What folds have changed is kept for checkpoints, up to so many bytes. Absent: it is not. */
  readonly deltaBytesMax?: number;
}

/** Brings the tables up to later epochs, beside the loop. */
export interface Folder {
  /** @throws StoreError what the fold has failed with. */
  fold(request: FoldRequest): Promise<FoldReport>;
  /**
   * Removes some of the rows that expired at or before the time.
   * @throws StoreError what the sweep has failed with.
   */
  sweep(expiredMs: number): Promise<SweepReport>;
  /** The node is idle: gives memory back, some of it at a time. */
  collect?(): void;
  /** Lets what is under way end. */
  close(): Promise<void>;
}

/** What a store is made of. */
export interface StoreParts {
  readonly directory: string;
  readonly journal: string;
  readonly segmentBytes: number;
  readonly disk: Disk;
  readonly tables: Tables;
  /** Absent: none are kept. */
  readonly deltas?: { readonly directory: string; readonly bytesMax: number };
  /** Called once, when the tables hold the last durable epoch. */
  readonly createFolder: () => Folder;
  /** Called last when the store is closed. */
  readonly release: () => Promise<void>;
}

/**
 * One shard's durable part: the journal, and the tables that it is folded into.
 *
 * A start brings the tables up to the last durable epoch and begins a new segment, so that a start
 * after kill -9 and a start after a clean stop are one path.
 *
 * CALLER: one append() at a time, epochs rising by one; one fold() at a time, of epochs whose
 * append() has resolved; after fold() resolves, `Folded` is stepped before the next read.
 */
export class Store implements StoreView {
  readonly #parts: StoreParts;
  readonly #tables: Tables;
  readonly #folder: Folder;
  readonly #journal: Journal;
  readonly #key = new ByteWriter(4096);
  readonly #deltas: DeltaFiles | null;
  /** Resolves when folds may begin again. */
  #held: Promise<void> = Promise.resolve();
  #foldedEpoch: number;
  /** Where the journal goes on behind that epoch; null: not known. */
  #foldedTo: JournalPlace | null = null;
  #rowsExpired = 0;
  /** Stable over restarts of one data directory. */
  readonly nodeId: string;
  readonly directory: string;
  /** What the start had to fold. */
  readonly recovery: FoldReport;

  /**
   * Goes on from what the parts hold.
   *
   * @throws StoreError FORMAT_UNKNOWN, JOURNAL_CORRUPT, WRITE_FAILED. Nothing that was durable is
   * lost then.
   */
  constructor(parts: StoreParts) {
    const { directory, journal, segmentBytes, disk, tables } = parts;
    const folded = findSegments(disk, journal, tables);
    this.#deltas = openDeltas(parts);
    const recovery = foldTail({ disk, tables, deltas: this.#deltas?.directory ?? null }, folded);
    if (recovery.epochs > 0) {
      this.#deltas?.folded(recovery.epoch - recovery.epochs, recovery.epoch);
    }
    this.#parts = parts;
    this.#tables = tables;
    this.recovery = recovery;
    this.directory = directory;
    this.#foldedEpoch = recovery.epoch;
    this.nodeId = nodeIdOf(tables);
    const firstEpoch = recovery.epoch + 1;
    this.#journal = new Journal({ disk, directory: journal, segmentBytes }, { folded, firstEpoch });
    this.#folder = parts.createFolder();
  }

  /**
   * @throws StoreError DIRECTORY_IN_USE, FORMAT_UNKNOWN, JOURNAL_CORRUPT, TABLES_CORRUPT,
   * WRITE_FAILED. Nothing that was durable is lost then.
   */
  static async open({ directory, segmentBytes, deltaBytesMax }: StoreOptions): Promise<Store> {
    createDataDirectory(directory);
    makeDirectory(journalPath(directory));
    const lock = await lockDirectory(directory);
    let tables: Tables | undefined;
    try {
      assertFormat(directory, tablesPath(directory));
      tables = await openChecked(directory);
      return new Store({
        directory,
        journal: journalPath(directory),
        segmentBytes,
        disk: systemDisk,
        tables,
        ...(deltaBytesMax === undefined
          ? {}
          : { deltas: { directory: join(directory, "deltas"), bytesMax: deltaBytesMax } }),
        createFolder: () => {
          // Before the first epoch, whoever has made what is there: LMDB syncs no names either.
          for (const path of [tablesPath(directory), directory]) systemDisk.syncNames(path);
          stampTables(tablesPath(directory), { isSettled: false });
          return new FoldThread(tablesPath(directory));
        },
        release: () => {
          stampTables(tablesPath(directory), { isSettled: true });
          return lock.release();
        },
      });
    } catch (error) {
      await tables?.root.close();
      await lock.release();
      if (error instanceof StoreError) throw error;
      const why = `cannot recover data directory ${directory}: ${(error as Error).message}`;
      throw new StoreError("WRITE_FAILED", why, { cause: error });
    }
  }

  readImage(): StoredImage {
    return readImage(this.#tables);
  }

  get foldedEpoch(): number {
    return this.#foldedEpoch;
  }

  /** Rows that sweeps have removed since the start. */
  get rowsExpired(): number {
    return this.#rowsExpired;
  }

  get journalBytes(): number {
    return this.#journal.bytes;
  }

  get journalSegments(): number {
    return this.#journal.segments.length;
  }

  /** Resolves when the epoch is durable. */
  append(record: Buffer, epoch: number): Promise<void> {
    return this.#journal.append(record, epoch);
  }

  /**
   * Brings the tables up to a durable epoch, beside the loop. Rows that expired at or before
   * `expiredMs` may be dropped: nobody reads them as of an earlier time.
   */
  async fold(toEpoch: number, expiredMs = 0): Promise<FoldReport> {
    await this.#held;
    const fromEpoch = this.#foldedEpoch;
    const report = await this.#folder.fold({
      fromEpoch,
      toEpoch,
      expiredMs,
      from: this.#foldedTo,
      segments: this.#journal.segments,
      deltas: this.#deltas?.directory ?? null,
    });
    this.#deltas?.folded(fromEpoch, report.epoch);
    this.#foldedEpoch = report.epoch;
    this.#foldedTo = report.end;
    this.#journal.drop(report.epoch);
    this.#tables.root.resetReadTxn();
    return report;
  }

  /** Removes some of the rows that expired at or before the time, beside the loop. */
  async sweep(expiredMs: number): Promise<SweepReport> {
    const report = await this.#folder.sweep(expiredMs);
    this.#rowsExpired += report.removed;
    this.#tables.root.resetReadTxn();
    return report;
  }

  /** The node is idle: gives memory of the folds back. */
  collect(): void {
    this.#folder.collect?.();
  }

  /** What folds have changed since the last release, oldest first. */
  get deltas(): readonly DeltaFile[] {
    return this.#deltas?.files ?? [];
  }

  /** Checkpoints hold every epoch up to this one. */
  releaseDeltas(epoch: number): void {
    this.#deltas?.release(epoch);
  }

  /** Lets no fold begin until it is told to: a snapshot can be opened meanwhile. None is under way. */
  holdFolds(): () => void {
    let letGo: () => void = () => undefined;
    this.#held = new Promise((resolve) => {
      letGo = resolve;
    });
    return letGo;
  }

  readRow(table: number, key: string): StoredRow | undefined {
    const writer = this.#key;
    writer.reset();
    writeRowKey(writer, table, key);
    const bytes = this.#tables.byName.rows.getBinaryFast(writer.view());
    return bytes === undefined ? undefined : readRowValue(bytes);
  }

  readMessages(
    range: { readonly type: number; readonly id: string } & SequenceRange,
  ): readonly StoredMessage[] {
    const prefix = this.#prefix((writer) => writeMailboxPrefix(writer, range.type, range.id));
    return readSequences(this.#tables.byName.messages, prefix, range, readStoredMessage);
  }

  readMailbox(
    address: { readonly type: number; readonly id: string },
    limits: MailboxLimits,
  ): StoredMailbox | undefined {
    return readMailbox(this.#tables.byName.messages, address, limits);
  }

  readMailboxes(range: MailboxRange): StoredMailboxes {
    return readMailboxes(this.#tables.byName.messages, range);
  }

  readTimers({ after, limit, bytesMax }: TimerRange): readonly StoredTimer[] {
    const start = this.#prefix((writer) => writeTimerKey(writer, after.dueMs, after.sequence + 1));
    const timers: StoredTimer[] = [];
    let bytes = 0;
    for (const { key, value } of this.#tables.byName.timers.getRange({ start, limit })) {
      timers.push(readStoredTimer(key, value));
      bytes += value.length;
      if (bytes >= bytesMax) break;
    }
    return timers;
  }

  readRecords(range: { readonly egress: string } & SequenceRange): readonly StoredRecord[] {
    const prefix = this.#prefix((writer) => writeEgressPrefix(writer, range.egress));
    return readSequences(this.#tables.byName.records, prefix, range, readStoredRecord);
  }

  /** Ids with a row in a state table, in order of their bytes: those after the given one, or all. */
  *readIds(table: number, afterId: string | null): Generator<string> {
    const start = this.#prefix((writer) => writeRowKey(writer, table, afterId ?? ""));
    const end = this.#prefix((writer) => writer.u32(table + 1));
    for (const key of this.#tables.byName.rows.getKeys({ start, end })) {
      const id = key.toString("utf8", 4);
      if (id !== afterId) yield id;
    }
  }

  /** Closes the files. Everything durable stays; nothing else is written. */
  async close(): Promise<void> {
    await this.#folder.close();
    await this.#journal.close();
    await this.#tables.root.close();
    await this.#parts.release();
  }

  #prefix(write: (writer: ByteWriter) => void): Buffer {
    this.#key.reset();
    write(this.#key);
    return this.#key.copy();
  }
}

function readSequences<T>(
  table: Table,
  prefix: Buffer,
  { after, last, limit, bytesMax }: SequenceRange,
  read: (key: Buffer, value: Buffer) => T,
): T[] {
  const bound = (sequence: number) => Buffer.concat([prefix, metaNumber(sequence)]);
  const entries: T[] = [];
  let bytes = 0;
  for (const { key, value } of table.getRange({
    start: bound(after + 1),
    end: bound(last + 1),
    limit,
  })) {
    entries.push(read(key, value));
    bytes += value.length;
    if (bytes >= bytesMax) break;
  }
  return entries;
}

function journalPath(directory: string): string {
  return join(directory, "journal");
}

function tablesPath(directory: string): string {
  return join(directory, "tables");
}

async function openChecked(directory: string): Promise<Tables> {
  let tables: Tables | undefined;
  let format: number;
  try {
    checkTables(tablesPath(directory));
    tables = openTables(tablesPath(directory));
    format = readMetaNumber(tables, "format") ?? formatVersion;
  } catch (cause) {
    await tables?.root.close();
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(
      "TABLES_CORRUPT",
      `cannot open the tables in ${tablesPath(directory)}: ${(cause as Error).message}`,
      { cause },
    );
  }
  if (format !== formatVersion) {
    await tables.root.close();
    throw new StoreError(
      "FORMAT_UNKNOWN",
      `data directory ${directory} has format ${format}; this version reads ${formatVersion}`,
    );
  }
  return tables;
}

/** LMDB trusts its file: what it would die of is found here. */
function checkTables(directory: string): void {
  withTableFile(directory, (file) => beginStart(directory, file, () => scanTables(file)));
  // Who reads is noted there, and whoever that was is gone: the directory is locked.
  rmSync(join(directory, "lock.mdb"), { force: true });
}

function openDeltas({ tables, deltas }: StoreParts): DeltaFiles | null {
  if (deltas === undefined) return null;
  const foldedEpoch = readMetaNumber(tables, "foldedEpoch") ?? 0;
  return new DeltaFiles(deltas.directory, deltas.bytesMax, foldedEpoch);
}

function nodeIdOf(tables: Tables): string {
  return tables.byName.meta.get(Buffer.from("nodeId"))?.toString("utf8") ?? "";
}
