import { join } from "node:path";
import { recordSaltBytes, saltRecord } from "../codec/record-codec.js";
import type { Disk, DiskFile } from "./disk.js";
import type { Segment } from "./segment.js";
import { encodeSegmentHeader, segmentHeaderBytes, segmentName } from "./segment.js";
import { SpareSegments } from "./spare-segments.js";
import { StoreError } from "./store-error.js";

export interface JournalOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** Size of a segment file, in bytes. A larger record gets a larger file. */
  readonly segmentBytes: number;
}

interface OpenSegment extends Segment {
  readonly file: DiskFile;
  lastEpoch: number;
  /** Where the next record goes. */
  end: number;
}

/**
 * The append-only journal of epochs, in preallocated files.
 *
 * CALLER: appends one record at a time, with epochs rising by one, and waits for each.
 * CALLEE: a record is durable when its append() resolves. After a failed append nothing more is
 * accepted: what is on disk behind the last durable record is unknown.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #sealed: OpenSegment[] = [];
  readonly #spares: SpareSegments;
  #current: OpenSegment;
  #failed: StoreError | null = null;

  /** Begins a new segment. The folded ones are of an earlier run; their files are used again. */
  constructor(
    options: JournalOptions,
    start: { readonly folded: readonly Segment[]; readonly firstEpoch: number },
  ) {
    this.#options = options;
    this.#spares = new SpareSegments(options.disk, options.directory, options.segmentBytes);
    const isSpare = ({ bytes }: Segment): boolean => bytes === options.segmentBytes;
    for (const { path } of start.folded.filter(isSpare)) this.#spares.give(path);
    // A file that is used again must not have had a higher number: see readSegments().
    const last = start.folded[start.folded.length - 1]?.number ?? 0;
    const number = Math.max(last, this.#spares.numberMax) + 1;
    this.#current = this.#begin(number, start.firstEpoch, options.segmentBytes);
    // Only now: a journal without any file is one that somebody has removed.
    this.#spares.removeUseless();
    for (const segment of start.folded) if (!isSpare(segment)) this.#spares.give(segment.path);
  }

  /** Bytes of all records that are not dropped. */
  get bytes(): number {
    let bytes = this.#current.end - segmentHeaderBytes;
    for (const segment of this.#sealed) bytes += segment.end - segmentHeaderBytes;
    return bytes;
  }

  /** The segments with records, oldest first, and where their records end. */
  get segments(): readonly { readonly path: string; readonly end: number }[] {
    return [...this.#sealed, this.#current].map(({ path, end }) => ({ path, end }));
  }

  /**
   * Resolves when the record is durable. The buffer must not change until then; the salt is put into
   * it first.
   */
  append(record: Buffer, epoch: number): Promise<void> {
    if (this.#failed !== null) return Promise.reject(this.#failed);
    try {
      if (this.#current.end + record.length > this.#current.bytes)
        this.#switch(record.length, epoch);
    } catch (error) {
      this.#failed = error as StoreError;
      return Promise.reject(this.#failed);
    }
    const segment = this.#current;
    saltRecord(record, segment.salt);
    return new Promise((resolve, reject) => {
      segment.file.write(record, segment.end, (error) => {
        if (error !== null) {
          this.#failed = new StoreError(
            "WRITE_FAILED",
            `cannot append ${record.length} bytes to ${segment.path}: ${error.message}`,
            { cause: error },
          );
          reject(this.#failed);
          return;
        }
        segment.end += record.length;
        segment.lastEpoch = epoch;
        resolve();
      });
    });
  }

  /** Lets go of segments whose every epoch is folded. Their files are used again. */
  drop(foldedEpoch: number): void {
    while (this.#sealed.length > 0 && (this.#sealed[0] as OpenSegment).lastEpoch <= foldedEpoch) {
      const { file, path } = this.#sealed.shift() as OpenSegment;
      file.close();
      this.#spares.give(path);
    }
  }

  async close(): Promise<void> {
    for (const segment of [...this.#sealed, this.#current]) segment.file.close();
    await this.#spares.close();
  }

  /** Bytes already in a file that is not the current one are never written again. */
  #switch(recordBytes: number, epoch: number): void {
    const needed = Math.max(this.#options.segmentBytes, recordBytes + segmentHeaderBytes);
    const next = this.#begin(this.#current.number + 1, epoch, needed);
    this.#sealed.push(this.#current);
    this.#current = next;
  }

  #begin(number: number, firstEpoch: number, size: number): OpenSegment {
    const { directory, disk, segmentBytes } = this.#options;
    const path = join(directory, segmentName(number));
    try {
      if (size === segmentBytes) this.#spares.take(path);
      else this.#spares.create(path, size);
      // Before the header: a file that still bears its old name must not have a new number.
      disk.syncNames(directory);
      const file = disk.open(path);
      const salt = disk.randomBytes(recordSaltBytes);
      const segment = { path, number, firstEpoch, bytes: file.bytes, salt };
      file.writeSync(encodeSegmentHeader(segment), 0);
      return {
        ...segment,
        file,
        lastEpoch: firstEpoch - 1,
        end: segmentHeaderBytes,
      };
    } catch (cause) {
      throw new StoreError(
        "WRITE_FAILED",
        `cannot begin ${path} of ${size} bytes: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}
