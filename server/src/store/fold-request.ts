import type { ByteWriter } from "../codec/byte-writer.js";
import { renewDeltaBuffer } from "./delta-file.js";
import type { Disk } from "./disk.js";
import { LastChanges } from "./last-changes.js";
import { NetEffect } from "./net-effect.js";
import { ownMappingBytes } from "./own-mapping.js";
import type { JournalPlace } from "./segment.js";
import { readSegmentHeader, segmentHeaderBytes } from "./segment.js";
import { StoreError } from "./store-error.js";

/** Which epochs are to be folded, and where they are. */
export interface FoldRequest {
  /** Epoch that the tables hold. */
  readonly fromEpoch: number;
  readonly toEpoch: number;
  /** Where the record of the epoch behind fromEpoch begins; null: it is not known. */
  readonly from: JournalPlace | null;
  /** The segments that hold the epochs between, oldest first, and where the records of each end. */
  readonly segments: readonly { readonly path: string; readonly end: number }[];
  /** As in FoldOptions. */
  readonly expiredMs: number;
  /** Where a copy of what the fold writes is kept; null: nowhere. */
  readonly deltas: string | null;
}

/** Buffers are multiples of it, so that a fold that is a little larger needs no new one. */
const roundBytes = 4 * 1024 * 1024;
/** Memory that is new costs more than what is read into it; more than this is not kept. */
const keptBytesMax = 8 * 1024 * 1024;

/**
 * What folds read the journal into, note its changes in and write their copy from, one fold at a time.
 * Made anew by each of ten folds a second, it would wait in hundreds for a collection of garbage.
 */
export class FoldBuffer {
  #bytes = Buffer.alloc(0);
  #isLarge = false;
  /** One for each table that a fold has changed, as most of the next ones do. */
  #changes: LastChanges[] = [];
  #changesTaken = 0;
  #copy: ByteWriter | null = null;

  /** What was taken last is not kept: it is garbage when the fold is done. */
  get isLarge(): boolean {
    return this.#isLarge;
  }

  /** Bytes that stay as they are filled until the next call, one buffer for each length. */
  take(lengths: readonly number[]): Buffer[] {
    const sum = lengths.reduce((total, length) => total + length, 0);
    this.#changesTaken = 0;
    this.#isLarge = sum > keptBytesMax;
    if (!this.#isLarge && sum > this.#bytes.length)
      this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(sum / roundBytes) * roundBytes);
    const bytes = this.#isLarge
      ? Buffer.allocUnsafeSlow(Math.max(sum, ownMappingBytes))
      : this.#bytes;
    let end = 0;
    return lengths.map((length) => {
      end += length;
      return bytes.subarray(end - length, end);
    });
  }

  /** Room for the changes of one more table, until the next take(). */
  takeChanges(): LastChanges {
    const at = this.#changesTaken++;
    this.#changes[at] ??= new LastChanges();
    const changes = this.#changes[at] as LastChanges;
    changes.clear();
    return changes;
  }

  /** Room for a DeltaWriter, until the next call. */
  takeCopy(): ByteWriter {
    this.#copy = renewDeltaBuffer(this.#copy);
    return this.#copy;
  }

  /** Gives the memory back. */
  release(): void {
    this.#bytes = Buffer.alloc(0);
    this.#changes = [];
    this.#copy = null;
  }
}

/**
 * Reads no more of the journal than the epochs that are asked for, and what follows in their segments.
 *
 * @throws StoreError JOURNAL_CORRUPT also when the journal ends before the last epoch.
 */
export function readNetEffect(
  disk: Disk,
  { fromEpoch, toEpoch, from, segments }: Omit<FoldRequest, "expiredMs" | "deltas">,
  buffer: FoldBuffer,
): NetEffect {
  const newChanges = (): LastChanges => buffer.takeChanges();
  const net = new NetEffect(fromEpoch, { isExact: true, newChanges });
  const ranges = segments.map(({ path, end }) => {
    const isKnown = from !== null && from.path === path;
    return { path, end, isKnown, start: isKnown ? from.at : segmentHeaderBytes };
  });
  const buffers = buffer.take(ranges.map(({ start, end }) => Math.max(0, end - start)));
  ranges.forEach(({ path, start, isKnown }, at) => {
    const room = buffers[at];
    if (net.epoch >= toEpoch || room === undefined) return;
    const header = readSegmentHeader(disk, path);
    if (header === undefined) return;
    const bytes = disk.readInto(room, path, start);
    const firstEpoch = isKnown ? fromEpoch + 1 : header.firstEpoch;
    net.addPart({ path, salt: header.salt, bytes, start, firstEpoch }, toEpoch);
  });
  if (net.epoch === toEpoch) return net;
  throw new StoreError(
    "JOURNAL_CORRUPT",
    `the journal ends at epoch ${net.epoch}, before epoch ${toEpoch}`,
  );
}
