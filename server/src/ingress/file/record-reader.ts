import type { CsvFormat, FileIngressFormat } from "../../module/module.js";
import { createCsvDecoder } from "./csv-decoder.js";
import type { DecodedRecords, FileRecord, RecordDecoder } from "./file-record.js";
import type { FileSource } from "./file-source.js";
import { createJsonArrayDecoder } from "./json-array-decoder.js";
import { createNdjsonDecoder, isWhiteSpace } from "./ndjson-decoder.js";

/** Large enough that a read is cheap beside its records, small enough to hold one per ingress. */
const chunkBytes = 1 << 16;

/** White space that may stand before an element of an array, to be recognised as its place. */
const gapBytesMax = 1 << 12;

const nothing: DecodedRecords = { records: [], consumed: 0 };

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

export interface ReadOptions {
  readonly source: FileSource;
  readonly format: FileIngressFormat;
  /** Where to begin: the start of a record that was read before; 0: the front of the file. */
  readonly offset: number;
  /** Whether more may follow at the end of the file. */
  readonly follow: boolean;
  /** A record of more bytes than this is an error: memory must stay bounded. */
  readonly recordBytesMax: number;
  /** Ends reading, wherever it is. */
  readonly signal: AbortSignal;
}

export interface RecordBatch {
  readonly records: readonly FileRecord[];
  /** Where the next batch begins in the file. */
  readonly end: number;
  /** It is the end of the file as it is now. */
  readonly isAtEnd: boolean;
}

/**
 * Reads a file's records, a chunk at a time. Ends after the last record, after an unrecoverable
 * one, or when the signal is aborted.
 * @throws Error when the file cannot be read, was cut or replaced, or is not what its format says.
 */
export async function* readRecords(options: ReadOptions): AsyncGenerator<RecordBatch> {
  const { source, format, offset } = options;
  if (offset > source.size) {
    throw new Error(
      `${source.path} is ${source.size} bytes long, but was read up to ${offset} bytes before`,
    );
  }
  const front = await frontOffset(source);
  if (offset <= front) {
    yield* readChunks(options, createDecoder(format), front);
    return;
  }
  if (!(await isRecordStart(source, format, offset))) {
    throw new Error(`${source.path} was replaced: no record begins at byte ${offset} any more`);
  }
  const decoder = await createLaterDecoder(options, front);
  if (decoder !== null) yield* readChunks(options, decoder, offset);
}

function createDecoder(format: FileIngressFormat): RecordDecoder {
  switch (format.kind) {
    case "ndjson":
      return createNdjsonDecoder();
    case "json":
      return createJsonArrayDecoder(true);
    case "csv":
      return createCsvDecoder(format, format.columns);
  }
}

/** For reading that begins behind the front; null when the signal is aborted meanwhile. */
async function createLaterDecoder(
  options: ReadOptions,
  front: number,
): Promise<RecordDecoder | null> {
  const { format } = options;
  if (format.kind === "json") return createJsonArrayDecoder(false);
  if (format.kind === "ndjson" || format.columns !== null) return createDecoder(format);
  const columns = await readHeader(options, format, front);
  return columns === null ? null : createCsvDecoder(format, columns);
}

async function* readChunks(
  options: ReadOptions,
  decoder: RecordDecoder,
  from: number,
): AsyncGenerator<RecordBatch> {
  const { source, follow, recordBytesMax, signal } = options;
  let offset = from;
  let pending = Buffer.alloc(0);
  let nameProblem: string | null = null;
  while (!signal.aborted) {
    // A long record is scanned again with each chunk: chunks grow with it, or it would take
    // quadratic time.
    const chunk = Buffer.allocUnsafe(Math.max(chunkBytes, pending.length));
    const length = await source.read(chunk, offset + pending.length);
    if (length > 0) pending = Buffer.concat([pending, chunk.subarray(0, length)]);
    const isAtEnd = length < chunk.length;
    const isUnchanged = length === 0 && follow;
    const { records, consumed } = isUnchanged
      ? nothing
      : decoder.decode(pending, offset, isAtEnd && !follow);
    offset += consumed;
    pending = pending.subarray(consumed);
    yield { records, end: offset, isAtEnd };
    const last = records[records.length - 1];
    if (last?.kind === "invalid" && !last.recoverable) return;
    if (pending.length > recordBytesMax) {
      const line = await source.lineAt(offset);
      throw new Error(
        `${source.path} line ${line}: record of more than ${pending.length} bytes exceeds recordBytesMax ${recordBytesMax}`,
      );
    }
    if (!isAtEnd) continue;
    await source.checkLength(offset + pending.length);
    if (!follow) return;
    // What was written before the name was lost is read before that is an error.
    if (nameProblem !== null && length === 0) throw new Error(nameProblem);
    nameProblem = await source.nameProblem();
    if (nameProblem === null) await source.waitForChange(signal);
  }
}

/** Where the first record can begin: after a byte order mark. */
async function frontOffset(source: FileSource): Promise<number> {
  const front = Buffer.alloc(byteOrderMark.length);
  const length = await source.read(front, 0);
  if (length >= 2 && (front.readUInt16BE() === 0xfeff || front.readUInt16BE() === 0xfffe)) {
    throw new Error(`${source.path} is UTF-16: expected UTF-8`);
  }
  return length === byteOrderMark.length && front.equals(byteOrderMark) ? length : 0;
}

/** Whether what stands before the offset is what stands before a record. */
async function isRecordStart(
  source: FileSource,
  format: FileIngressFormat,
  offset: number,
): Promise<boolean> {
  const before = Buffer.alloc(Math.min(offset, gapBytesMax));
  const length = await source.read(before, offset - before.length);
  if (length < before.length) return false;
  if (format.kind !== "json") return before[before.length - 1] === 0x0a;
  for (let at = before.length - 1; at >= 0; at--) {
    const byte = before[at];
    if (!isWhiteSpace(byte)) return byte === 0x2c || byte === 0x5b;
  }
  return true;
}

/** The columns that a CSV file's first record names; null when the signal is aborted before. */
async function readHeader(
  options: ReadOptions,
  format: CsvFormat,
  front: number,
): Promise<readonly string[] | null> {
  const decoder = createCsvDecoder(format, null);
  for await (const { records } of readChunks(options, decoder, front)) {
    if (decoder.columns !== null) return decoder.columns;
    const first = records[0];
    if (first?.kind === "invalid")
      throw new Error(`${options.source.path} line 1: ${first.reason}`);
  }
  return null;
}
