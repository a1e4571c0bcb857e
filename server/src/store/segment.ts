import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { StoreError } from "./store-error.js";

/**
 * One file of the journal.
 *
 *     "STWJ" | u32 version | u64 number | u64 first epoch | u32 CRC-32 of all before it
 *     zeros to 4096, then records
 *
 * Behind the last record may lie anything: zeros, a torn record, records of the file's earlier use.
 * None of it verifies as the next epoch.
 */
export const segmentHeaderBytes = 4096;

const magic = 0x5354574a;
const version = 1;
const fieldBytes = 28;
const zeros = Buffer.alloc(1024 * 1024);

export interface Segment {
  readonly path: string;
  readonly number: number;
  readonly firstEpoch: number;
}

/** The file name of a segment; names sort as numbers. */
export function segmentName(number: number): string {
  return `journal-${String(number).padStart(12, "0")}`;
}

/** Undefined when the name is no segment's. */
export function segmentNumber(name: string): number | undefined {
  const match = /^journal-(\d{12})$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/**
 * Opens a file so that every write is on disk when it returns: one system call instead of a write
 * and an fdatasync.
 */
export function openForAppend(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_DSYNC);
}

/**
 * Creates a file of zeros: the blocks are there, so that later writes change data alone. Leaves no
 * file behind when there is no room for it.
 */
export function preallocate(path: string, bytes: number): void {
  const file = openSync(path, "wx");
  try {
    let at = 0;
    while (at < bytes) at += writeSync(file, zeros, 0, Math.min(zeros.length, bytes - at), at);
    fdatasyncSync(file);
  } catch (error) {
    rmSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

/**
 * Begins a segment in a file opened with openForAppend(): durable when it returns, its name too,
 * which may be new.
 */
export function writeSegmentHeader(file: number, { path, number, firstEpoch }: Segment): void {
  const header = Buffer.alloc(segmentHeaderBytes);
  header.writeUInt32BE(magic, 0);
  header.writeUInt32BE(version, 4);
  header.writeBigUInt64BE(BigInt(number), 8);
  header.writeBigUInt64BE(BigInt(firstEpoch), 16);
  header.writeUInt32BE(crc32(header.subarray(0, fieldBytes - 4)), fieldBytes - 4);
  writeSync(file, header, 0, header.length, 0);
  syncDirectory(dirname(path));
}

/** Reads the header of a segment file. As parseSegmentHeader(). */
export function readSegmentHeader(path: string): Segment | undefined {
  const header = Buffer.alloc(fieldBytes);
  const file = openSync(path, "r");
  try {
    const read = readSync(file, header, 0, header.length, 0);
    return parseSegmentHeader(header.subarray(0, read), path);
  } finally {
    closeSync(file);
  }
}

/**
 * The header at the front of the bytes. Undefined when there is none yet: the file was being
 * prepared when the process died.
 *
 * @throws StoreError JOURNAL_CORRUPT, FORMAT_UNKNOWN
 */
export function parseSegmentHeader(bytes: Buffer, path: string): Segment | undefined {
  const header = bytes.subarray(0, fieldBytes);
  if (header.length < fieldBytes || header.equals(zeros.subarray(0, fieldBytes))) return undefined;
  const isIntact =
    crc32(header.subarray(0, fieldBytes - 4)) === header.readUInt32BE(fieldBytes - 4);
  const written = header.readUInt32BE(4);
  if (header.readUInt32BE(0) === magic && written > version) {
    throw new StoreError(
      "FORMAT_UNKNOWN",
      `${path} has format ${written}; this version reads ${version}`,
    );
  }
  if (header.readUInt32BE(0) !== magic || !isIntact) {
    throw new StoreError(
      "JOURNAL_CORRUPT",
      `${path} is damaged at byte 0: its header does not verify`,
    );
  }
  return {
    path,
    number: Number(header.readBigUInt64BE(8)),
    firstEpoch: Number(header.readBigUInt64BE(16)),
  };
}

/** Makes the names of files in a directory durable. */
function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
