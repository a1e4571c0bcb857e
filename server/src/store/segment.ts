import { closeSync, constants, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";

/**
 * One file of the journal.
 *
 *     "STWJ" | u32 version | u64 number | u64 first epoch | zeros to 4096, then records
 *
 * Behind the last record may lie anything: zeros, a torn record, records of the file's earlier use.
 * None of it verifies as the next epoch.
 */
export const segmentHeaderBytes = 4096;

const magic = 0x5354574a;
const version = 1;
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

/** Creates a file of zeros: the blocks are there, so that later writes change data alone. */
export function preallocate(path: string, bytes: number): void {
  const file = openSync(path, "wx");
  try {
    for (let at = 0; at < bytes; at += zeros.length) {
      writeSync(file, zeros, 0, Math.min(zeros.length, bytes - at), at);
    }
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Begins a segment in a file opened with openForAppend(): durable when it returns. */
export function writeSegmentHeader(file: number, number: number, firstEpoch: number): void {
  const header = Buffer.alloc(segmentHeaderBytes);
  header.writeUInt32BE(magic, 0);
  header.writeUInt32BE(version, 4);
  header.writeBigUInt64BE(BigInt(number), 8);
  header.writeBigUInt64BE(BigInt(firstEpoch), 16);
  writeSync(file, header, 0, header.length, 0);
}

/** Undefined when the file has no header yet: it was being prepared when the process died. */
export function readSegmentHeader(path: string): Segment | undefined {
  const header = Buffer.alloc(24);
  const file = openSync(path, "r");
  try {
    if (readSync(file, header, 0, header.length, 0) < header.length) return undefined;
  } finally {
    closeSync(file);
  }
  if (header.readUInt32BE(0) !== magic || header.readUInt32BE(4) !== version) return undefined;
  return {
    path,
    number: Number(header.readBigUInt64BE(8)),
    firstEpoch: Number(header.readBigUInt64BE(16)),
  };
}
