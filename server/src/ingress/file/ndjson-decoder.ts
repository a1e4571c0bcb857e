import { isUtf8 } from "node:buffer";
import { parseExactJson } from "../../codec/exact-json.js";
import type { DecodedRecords, FileRecord, RecordDecoder } from "./file-record.js";
import { copyBytes } from "./file-record.js";

const lineFeed = 0x0a;

/** One JSON value per line, ended by LF or CR LF; lines of white space are passed over. */
export function createNdjsonDecoder(): RecordDecoder {
  return { decode: decodeLines };
}

function decodeLines(bytes: Buffer, offset: number, ended: boolean): DecodedRecords {
  const consumed = ended ? bytes.length : bytes.lastIndexOf(lineFeed) + 1;
  const records: FileRecord[] = [];
  let start = 0;
  while (start < consumed) {
    const lineEnd = bytes.indexOf(lineFeed, start);
    const end = lineEnd < 0 ? consumed : lineEnd;
    const line = bytes.subarray(start, end);
    const record = decodeJson(line, offset + start);
    if (record !== null) records.push(record);
    start = end + 1;
  }
  return { records, consumed };
}

/** The record that the bytes of one JSON value make; null when they are white space. */
export function decodeJson(bytes: Buffer, start: number): FileRecord | null {
  if (!isUtf8(bytes)) {
    return { kind: "invalid", start, reason: "not valid UTF-8", recoverable: true };
  }
  const text = bytes.toString("utf8").trim();
  if (text === "") return null;
  try {
    const value = parseExactJson(text);
    return { kind: "valid", start, value, json: () => trimmedCopy(bytes) };
  } catch (error) {
    const reason = `not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: "invalid", start, reason, recoverable: true };
  }
}

function trimmedCopy(bytes: Buffer): Uint8Array {
  let start = 0;
  let end = bytes.length;
  while (start < end && isWhiteSpace(bytes[start])) start++;
  while (end > start && isWhiteSpace(bytes[end - 1])) end--;
  return copyBytes(bytes.subarray(start, end));
}

/** JSON's white space. */
export function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === lineFeed || byte === 0x0d;
}
