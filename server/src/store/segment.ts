import { crc32 } from "node:zlib";
import { recordSaltBytes } from "../codec/record-codec.js";
import type { Disk } from "./disk.js";
import { StoreError } from "./store-error.js";

/**
 * One file of the journal.
 *
 *     "STWJ" | u32 version | u64 number | u64 first epoch | u64 bytes of the file | 8 bytes salt
 *     u32 CRC-32 of all before it | zeros to 4096, then records
 *
 * Behind the last record may lie anything: zeros, a torn record, records of the file's earlier use.
 * None of it verifies: the salt is of this use alone.
 */
export const segmentHeaderBytes = 4096;

const magic = 0x5354574a;
const version = 2;
const saltAt = 32;
const checksumAt = saltAt + recordSaltBytes;
const fieldBytes = checksumAt + 4;

export interface Segment {
  readonly path: string;
  readonly number: number;
  readonly firstEpoch: number;
  /** Of the whole file, from the first. A shorter file has lost its end. */
  readonly bytes: number;
  /** In every record of this use of the file. */
  readonly salt: Buffer;
}

/** A position in the file of a segment, in bytes. */
export interface JournalPlace {
  readonly path: string;
  readonly at: number;
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

/** The front of a segment's file, up to its first record. */
export function encodeSegmentHeader(segment: Segment): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  header.writeUInt32BE(magic, 0);
  header.writeUInt32BE(version, 4);
  header.writeBigUInt64BE(BigInt(segment.number), 8);
  header.writeBigUInt64BE(BigInt(segment.firstEpoch), 16);
  header.writeBigUInt64BE(BigInt(segment.bytes), 24);
  segment.salt.copy(header, saltAt);
  header.writeUInt32BE(crc32(header.subarray(0, checksumAt)), checksumAt);
  return header;
}

/**
 * Reads the header of a segment file. Undefined when there is none yet: the file was being prepared
 * when the process died, and is all zeros.
 *
 * @throws StoreError JOURNAL_CORRUPT, FORMAT_UNKNOWN
 */
export function readSegmentHeader(disk: Disk, path: string): Segment | undefined {
  const header = disk.read(path, fieldBytes);
  if (!isZero(header)) return parseSegmentHeader(header, disk.size(path), path);
  if (header.length === fieldBytes && isZero(disk.read(path))) return undefined;
  const { length } = header;
  throw damagedHeader(path, length < fieldBytes ? `it has ${length} bytes` : "it is zeros");
}

/** The number in the header of a file that may hold anything; 0 when it has no header. */
export function numberInHeader(disk: Disk, path: string): number {
  try {
    return parseSegmentHeader(disk.read(path, fieldBytes), disk.size(path), path).number;
  } catch (error) {
    if (error instanceof StoreError) return 0;
    throw error;
  }
}

/**
 * The header at the front of a file of this many bytes.
 *
 * @throws StoreError JOURNAL_CORRUPT, FORMAT_UNKNOWN
 */
export function parseSegmentHeader(bytes: Buffer, fileBytes: number, path: string): Segment {
  const header = bytes.subarray(0, fieldBytes);
  if (header.length < fieldBytes) throw damagedHeader(path, `it has ${header.length} bytes`);
  const written = header.readUInt32BE(4);
  if (header.readUInt32BE(0) === magic && written !== version) {
    throw new StoreError(
      "FORMAT_UNKNOWN",
      `${path} has format ${written}; this version reads ${version}`,
    );
  }
  const isIntact = crc32(header.subarray(0, checksumAt)) === header.readUInt32BE(checksumAt);
  if (header.readUInt32BE(0) !== magic || !isIntact) {
    throw damagedHeader(path, "its header does not verify");
  }
  const segment = {
    path,
    number: Number(header.readBigUInt64BE(8)),
    firstEpoch: Number(header.readBigUInt64BE(16)),
    bytes: Number(header.readBigUInt64BE(24)),
    salt: Buffer.from(header.subarray(saltAt, checksumAt)),
  };
  if (fileBytes >= segment.bytes) return segment;
  throw new StoreError(
    "JOURNAL_CORRUPT",
    `${path} is cut off: it has ${fileBytes} of ${segment.bytes} bytes`,
  );
}

function damagedHeader(path: string, why: string): StoreError {
  return new StoreError("JOURNAL_CORRUPT", `${path} is damaged at byte 0: ${why}`);
}

function isZero(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}
