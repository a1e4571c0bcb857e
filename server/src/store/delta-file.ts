import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { ByteWriter } from "../codec/byte-writer.js";
import { ChangeReader, writeChange } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import { StoreError } from "./store-error.js";
import { systemDisk } from "./system-disk.js";

/**
 * What one fold has changed: the net effect of the epochs after `fromEpoch` up to `toEpoch`, kept
 * until a checkpoint holds it. Because of these files the journal need not be kept for checkpoints.
 *
 *     changes, in order of table and key (codec/change-codec.ts) | u32 CRC-32 of them
 *
 * INVARIANT: a file is durable, under its name, before the tables say that they hold its epochs.
 */
export interface DeltaFile {
  readonly path: string;
  readonly fromEpoch: number;
  readonly toEpoch: number;
  readonly bytes: number;
}

const trailerBytes = 4;
const blockBytes = 256 * 1024;
/** A block, and the change that fills it. */
const writerBytes = blockBytes + 64 * 1024;

/** The file's name; names sort by their epochs. */
export function deltaName(fromEpoch: number, toEpoch: number): string {
  const digits = (epoch: number) => String(epoch).padStart(15, "0");
  return `delta-${digits(fromEpoch)}-${digits(toEpoch)}`;
}

/** Undefined when the name is no delta file's. */
export function parseDeltaName(name: string) {
  const match = /^delta-(\d{15})-(\d{15})$/.exec(name);
  if (match === null) return;
  return { fromEpoch: Number(match[1]), toEpoch: Number(match[2]) };
}

/** An empty buffer for a DeltaWriter: the one given, unless a large change has made it large. */
export function renewDeltaBuffer(buffer: ByteWriter | null): ByteWriter {
  if (buffer === null || buffer.raw.length > writerBytes) return new ByteWriter(writerBytes);
  buffer.reset();
  return buffer;
}

/** Writes one delta file beside a fold: add() in the fold's order, then commit(). One that is
 * not committed is removed by the next start. */
export class DeltaWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  readonly #buffer: ByteWriter;
  #crc = 0;

  /** `buffer`: empty, and nobody else's until the file is committed. */
  constructor(
    directory: string,
    fromEpoch: number,
    toEpoch: number,
    buffer = renewDeltaBuffer(null),
  ) {
    this.#buffer = buffer;
    this.#path = join(directory, deltaName(fromEpoch, toEpoch));
    this.#temporary = `${this.#path}.tmp`;
    this.#file = openSync(this.#temporary, "w");
  }

  add(change: TableChange): void {
    writeChange(this.#buffer, change);
    if (this.#buffer.length >= blockBytes) this.#flush();
  }

  /** Durable when it returns. */
  commit(): void {
    this.#flush();
    this.#buffer.u32(this.#crc);
    this.#flush();
    fsyncSync(this.#file);
    closeSync(this.#file);
    renameSync(this.#temporary, this.#path);
    systemDisk.syncNames(dirname(this.#path));
  }

  #flush(): void {
    const bytes = this.#buffer.view();
    this.#crc = crc32(bytes, this.#crc);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    this.#buffer.reset();
  }
}

/** Reads a delta file change by change, with a block of it in memory, or one change that is larger. */
export class DeltaReader {
  readonly #path: string;
  readonly #file: number;
  readonly #reader = new ChangeReader();
  /** Filled again and again: many files are read at a time. */
  #block: Buffer;
  #left: number;
  #crc = 0;
  #isOpen = true;

  constructor(path: string, blockBytesMax: number) {
    this.#path = path;
    this.#file = openSync(path, "r");
    this.#left = fstatSync(this.#file).size - trailerBytes;
    this.#block = Buffer.allocUnsafeSlow(Math.max(0, Math.min(blockBytesMax, this.#left)));
  }

  /**
   * The next change; null after the last one. The next call may write over its bytes.
   * @throws StoreError DELTA_CORRUPT, at the end at the latest.
   */
  next(): TableChange | null {
    for (;;) {
      const change = this.#reader.next();
      if (change !== null) return change;
      if (this.#left <= 0) break;
      this.#fill();
    }
    if (this.#isOpen) this.#verify();
    return null;
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }

  #fill(): void {
    const rest = this.#reader.rest();
    if (rest.length >= this.#block.length) this.#block = Buffer.allocUnsafeSlow(2 * rest.length);
    rest.copy(this.#block);
    const room = Math.min(this.#block.length - rest.length, this.#left);
    const count = readSync(this.#file, this.#block, rest.length, room, null);
    if (count === 0) throw this.#corrupt();
    this.#crc = crc32(this.#block.subarray(rest.length, rest.length + count), this.#crc);
    this.#left -= count;
    this.#reader.refill(this.#block.subarray(0, rest.length + count));
  }

  #verify(): void {
    const trailer = Buffer.alloc(trailerBytes);
    const count = readSync(this.#file, trailer);
    this.close();
    const isWhole = count === trailerBytes && trailer.readUInt32BE(0) === this.#crc;
    if (!isWhole || this.#reader.pending > 0) throw this.#corrupt();
  }

  #corrupt(): StoreError {
    return new StoreError("DELTA_CORRUPT", `${this.#path} is damaged`);
  }
}
