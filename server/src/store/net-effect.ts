import { isPassing } from "../codec/change-codec.js";
import type { ChangeVisitor, TableChange } from "../codec/record-codec.js";
import { findRecord, readChangeAt, readRecordHeader, visitChanges } from "../codec/record-codec.js";
import { tableNames } from "../codec/table-layout.js";
import { LastChanges } from "./last-changes.js";
import type { JournalPlace } from "./segment.js";
import { parseSegmentHeader, segmentHeaderBytes } from "./segment.js";
import { StoreError } from "./store-error.js";

const passing: ReadonlySet<number> = new Set(
  tableNames.filter(isPassing).map((name) => tableNames.indexOf(name)),
);

/** Bytes of one segment, from the start of a record on. */
export interface SegmentPart {
  readonly path: string;
  readonly salt: Buffer;
  readonly bytes: Buffer;
  /** Where the bytes begin in the file. */
  readonly start: number;
  /** Of the first record in them. */
  readonly firstEpoch: number;
}

/** The net effect of epochs that follow one another: the last change of every key. */
export class NetEffect {
  /** By table; undefined: nothing of it has changed. */
  readonly #changes: (LastChanges | undefined)[] = tableNames.map(() => undefined);
  readonly #isExact: boolean;
  readonly #newChanges: () => LastChanges;
  #epoch: number;
  #epochs = 0;
  #end: JournalPlace | null = null;

  /**
   * `epoch`: the epoch that the tables hold. `isExact`: they hold nothing newer. A fold that was cut
   * short leaves entries of later epochs behind, which may be deleted since. `newChanges`: gives room
   * for those of a table.
   */
  constructor(
    epoch: number,
    {
      isExact,
      newChanges = () => new LastChanges(),
    }: { readonly isExact: boolean; readonly newChanges?: () => LastChanges },
  ) {
    this.#epoch = epoch;
    this.#isExact = isExact;
    this.#newChanges = newChanges;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get epochs(): number {
    return this.#epochs;
  }

  get size(): number {
    return this.#changes.reduce((size, changes) => size + (changes?.size ?? 0), 0);
  }

  /** Behind the record of the last epoch; null: nothing was taken. */
  get end(): JournalPlace | null {
    return this.#end;
  }

  /** As addPart(), of a whole segment. */
  addSegment(
    { path, bytes }: { readonly path: string; readonly bytes: Buffer },
    lastEpoch: number,
  ): void {
    if (this.#epoch >= lastEpoch) return;
    const { firstEpoch, salt } = parseSegmentHeader(bytes, bytes.length, path);
    const records = bytes.subarray(segmentHeaderBytes);
    const part = { path, salt, bytes: records, start: segmentHeaderBytes, firstEpoch };
    this.addPart(part, lastEpoch);
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
  addPart(part: SegmentPart, lastEpoch: number): void {
    const { path, salt, bytes, firstEpoch } = part;
    if (firstEpoch > this.#epoch + 1) {
      throw new StoreError(
        "JOURNAL_CORRUPT",
        `${path} begins with epoch ${firstEpoch}, and what is before it ends at ${this.#epoch}`,
      );
    }
    let at = 0;
    for (let epoch = firstEpoch; epoch <= lastEpoch; epoch++) {
      const header = readRecordHeader(bytes, at, salt);
      if (header === null || header.epoch !== epoch) {
        assertTorn(part, at, epoch);
        return;
      }
      // Epochs that the tables hold already are passed over.
      if (epoch > this.#epoch) this.#addRecord(part, { at, ...header });
      at = header.end;
    }
  }

  /** In the order of the tables' keys, so that neighbours share a page. */
  *sorted(): Generator<TableChange> {
    for (const changes of this.#changes) {
      for (const { segment, at } of changes?.sorted() ?? []) yield readChangeAt(segment, at);
    }
  }

  #addRecord(
    { path, bytes, start }: SegmentPart,
    { at, epoch, end }: { readonly at: number; readonly epoch: number; readonly end: number },
  ): void {
    try {
      visitChanges(bytes, { start: at, end }, (change) => this.#add(bytes, change));
    } catch (cause) {
      throw new StoreError(
        "JOURNAL_CORRUPT",
        `${path} is damaged at byte ${start + at}: epoch ${epoch}: ${(cause as Error).message}`,
        { cause },
      );
    }
    this.#epoch = epoch;
    this.#epochs++;
    this.#end = { path, at: start + end };
  }

  /**
   * A message, timer or record is put once and deleted once: when both are here, exact tables never
   * see it. Other keys are put again and again.
   */
  #add(segment: Buffer, change: Parameters<ChangeVisitor>[0]): void {
    if (change.table >= this.#changes.length) return;
    this.#changes[change.table] ??= this.#newChanges();
    const changes = this.#changes[change.table] as LastChanges;
    const passes = this.#isExact && change.isDelete && passing.has(change.table);
    if (passes && changes.delete(segment, change)) return;
    changes.put(segment, change);
  }
}

/** @throws StoreError JOURNAL_CORRUPT when an intact record is there, or anywhere behind. */
function assertTorn({ path, salt, bytes, start }: SegmentPart, at: number, epoch: number): void {
  const found = findRecord(bytes, at, salt);
  if (found === null) return;
  const what =
    found.start === at
      ? `epoch ${found.epoch} stands in the place of epoch ${epoch}`
      : `epoch ${epoch} does not verify, and epoch ${found.epoch} follows it`;
  throw new StoreError("JOURNAL_CORRUPT", `${path} is damaged at byte ${start + at}: ${what}`);
}
