import { isPassing } from "../codec/change-codec.js";
import type { ChangeVisitor, TableChange } from "../codec/record-codec.js";
import { findRecord, readChangeAt, readRecordHeader, visitChanges } from "../codec/record-codec.js";
import { readRowExpiry, tableNames } from "../codec/table-layout.js";
import type { Disk } from "./disk.js";
import { indexExpiry, readNextExpiry } from "./expiry-index.js";
import { LastChanges } from "./last-changes.js";
import { parseSegmentHeader, segmentHeaderBytes } from "./segment.js";
import { StoreError } from "./store-error.js";
import type { Tables } from "./tables.js";
import { metaNumber } from "./tables.js";

/** What a fold did. */
export interface FoldReport {
  /** The tables hold every epoch up to this one. */
  readonly epoch: number;
  readonly epochs: number;
  readonly puts: number;
  readonly deletes: number;
  /** As SweepReport.nextExpiryMs. */
  readonly nextExpiryMs: number | null;
  readonly durationMs: number;
}

const passing: ReadonlySet<number> = new Set(
  tableNames.filter(isPassing).map((name) => tableNames.indexOf(name)),
);

/** Takes what a fold writes, in its order: DeltaWriter. */
export interface FoldCopy {
  add(change: TableChange): void;
  /** Durable when it returns. */
  commit(): void;
}

/** The net effect of epochs that follow one another: the last change of every key. */
export class NetEffect {
  readonly #changes = tableNames.map(() => new LastChanges());
  readonly #isExact: boolean;
  #epoch: number;
  #epochs = 0;

  /**
   * `epoch`: the epoch that the tables hold. `isExact`: they hold nothing newer. A fold that was cut
   * short leaves entries of later epochs behind, which may be deleted since.
   */
  constructor(epoch: number, { isExact }: { readonly isExact: boolean }) {
    this.#epoch = epoch;
    this.#isExact = isExact;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get epochs(): number {
    return this.#epochs;
  }

  get size(): number {
    return this.#changes.reduce((size, changes) => size + changes.size, 0);
  }

  /**
   * Takes the records of one segment that come next, up to `lastEpoch`. Ends at the first record
   * that does not verify.
   *
   * Does not look behind `lastEpoch`: somebody may be writing there.
   *
   * @throws StoreError JOURNAL_CORRUPT when an intact later record follows a broken one: a crash
   * tears only the last record, so the disk has lost what it had promised to keep.
   */
  addSegment(
    { path, bytes }: { readonly path: string; readonly bytes: Buffer },
    lastEpoch: number,
  ): void {
    if (this.#epoch >= lastEpoch) return;
    const { firstEpoch, salt } = parseSegmentHeader(bytes, bytes.length, path);
    if (firstEpoch > this.#epoch + 1) {
      throw new StoreError(
        "JOURNAL_CORRUPT",
        `${path} begins with epoch ${firstEpoch}, and what is before it ends at ${this.#epoch}`,
      );
    }
    let at = segmentHeaderBytes;
    for (let epoch = firstEpoch; epoch <= lastEpoch; epoch++) {
      const header = readRecordHeader(bytes, at, salt);
      if (header === null || header.epoch !== epoch) {
        assertTorn(bytes, at, { path, salt, epoch });
        return;
      }
      // Epochs that the tables hold already are passed over.
      if (epoch > this.#epoch) this.#addRecord(bytes, at, header, path);
      at = header.end;
    }
  }

  /** In the order of the tables' keys, so that neighbours share a page. */
  *sorted(): Generator<TableChange> {
    for (const changes of this.#changes) {
      for (const { segment, at } of changes.sorted()) yield readChangeAt(segment, at);
    }
  }

  #addRecord(
    bytes: Buffer,
    at: number,
    header: { readonly epoch: number; readonly end: number },
    path: string,
  ): void {
    try {
      visitChanges(bytes, { start: at, end: header.end }, (change) => this.#add(bytes, change));
    } catch (cause) {
      throw new StoreError(
        "JOURNAL_CORRUPT",
        `${path} is damaged at byte ${at}: epoch ${header.epoch}: ${(cause as Error).message}`,
        { cause },
      );
    }
    this.#epoch = header.epoch;
    this.#epochs++;
  }

  /**
   * A message, timer or record is put once and deleted once: when both are here, exact tables never
   * see it. Other keys are put again and again.
   */
  #add(segment: Buffer, change: Parameters<ChangeVisitor>[0]): void {
    const changes = this.#changes[change.table];
    if (changes === undefined) return;
    const passes = this.#isExact && change.isDelete && passing.has(change.table);
    if (passes && changes.delete(segment, change)) return;
    changes.put(segment, change);
  }
}

/** @throws StoreError JOURNAL_CORRUPT when an intact record is there, or anywhere behind. */
function assertTorn(
  bytes: Buffer,
  at: number,
  expected: { readonly path: string; readonly salt: Buffer; readonly epoch: number },
): void {
  const { path, salt, epoch } = expected;
  const found = findRecord(bytes, at, salt);
  if (found === null) return;
  const what =
    found.start === at
      ? `epoch ${found.epoch} stands in the place of epoch ${epoch}`
      : `epoch ${epoch} does not verify, and epoch ${found.epoch} follows it`;
  throw new StoreError("JOURNAL_CORRUPT", `${path} is damaged at byte ${at}: ${what}`);
}

/**
 * Changes in one transaction. LMDB keeps the memory of the largest transaction for ever, and in the
 * order of the keys a slice touches few pages.
 */
const sliceChangesMax = 4096;

/** Which epochs are to be folded, and where they are. */
export interface FoldRequest {
  /** Epoch that the tables hold. */
  readonly fromEpoch: number;
  readonly toEpoch: number;
  /** Segment files that hold the epochs between, oldest first. */
  readonly paths: readonly string[];
  /** A row that expired at or before this time need not be written: nobody will read it again. */
  readonly expiredMs: number;
  /** Where a copy of what the fold writes is kept; null: nowhere. */
  readonly deltas: string | null;
}

/** @throws StoreError JOURNAL_CORRUPT also when the journal ends before the last epoch. */
export function readNetEffect(
  disk: Disk,
  { fromEpoch, toEpoch, paths }: Pick<FoldRequest, "fromEpoch" | "toEpoch" | "paths">,
): NetEffect {
  const net = new NetEffect(fromEpoch, { isExact: true });
  for (const path of paths) {
    if (net.epoch < toEpoch) net.addSegment({ path, bytes: disk.read(path) }, toEpoch);
  }
  if (net.epoch === toEpoch) return net;
  throw new StoreError(
    "JOURNAL_CORRUPT",
    `the journal ends at epoch ${net.epoch}, before epoch ${toEpoch}`,
  );
}

export interface FoldOptions {
  /** As in FoldRequest. */
  readonly expiredMs: number;
  readonly copy?: FoldCopy | undefined;
}

/** Writes the net effect into the tables, as foldSlices(), without a pause. */
export function foldInto(
  tables: Tables,
  net: NetEffect,
  options: FoldOptions = { expiredMs: 0 },
): FoldReport {
  const slices = foldSlices(tables, net, { changesMax: sliceChangesMax, ...options });
  for (;;) {
    const { value, done } = slices.next();
    if (done === true) return value;
  }
}

/**
 * Writes the net effect into the tables, one slice after the other; durable at the end. The epoch
 * that the tables hold is written with the last slice: a crash before it leaves newer rows than that
 * epoch, and the next start folds the same epochs again, to the same end. Readers in between have
 * what is being folded in memory. The copy is durable before that epoch is.
 */
export function* foldSlices(
  tables: Tables,
  net: NetEffect,
  { changesMax, expiredMs, copy }: FoldOptions & { readonly changesMax: number },
): Generator<void, FoldReport> {
  const startedAt = performance.now();
  const changes = net.sorted()[Symbol.iterator]();
  let puts = 0;
  let deletes = 0;
  const writeSlice = (): boolean => {
    for (let written = 0; written < changesMax; written++) {
      if (written > 0 && !tables.root.hasRoom()) return true;
      const { value: change, done } = changes.next();
      if (done === true) {
        copy?.commit();
        tables.byName.meta.putSync(Buffer.from("foldedEpoch"), metaNumber(net.epoch));
        return false;
      }
      const value = isExpiredRow(change, expiredMs) ? null : change.value;
      copy?.add({ ...change, value });
      if (value === null) {
        tables.byName[change.table].removeSync(change.key);
        deletes++;
      } else {
        if (change.table === "rows") indexExpiry(tables, change.key, value);
        tables.byName[change.table].putSync(change.key, value);
        puts++;
      }
    }
    return true;
  };
  while (tables.root.transactionSync(writeSlice)) yield;
  const nextExpiryMs = readNextExpiry(tables);
  const durationMs = performance.now() - startedAt;
  return { epoch: net.epoch, epochs: net.epochs, puts, deletes, nextExpiryMs, durationMs };
}

function isExpiredRow({ table, value }: TableChange, expiredMs: number): boolean {
  if (table !== "rows" || value === null) return false;
  const expiresAtMs = readRowExpiry(value);
  return expiresAtMs > 0 && expiresAtMs <= expiredMs;
}
