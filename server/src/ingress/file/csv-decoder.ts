import { isUtf8 } from "node:buffer";
import { parse } from "csv-parse/sync";
import type { CsvFormat } from "../../module/module.js";
import type { CsvRange } from "./csv-records.js";
import { findCsvRecords } from "./csv-records.js";
import type { DecodedRecords, FileRecord, RecordDecoder } from "./file-record.js";

/** A decoder that knows its columns once it has seen the first record. */
export interface CsvDecoder extends RecordDecoder {
  /** Null: the header is still to come. */
  readonly columns: readonly string[] | null;
}

/**
 * CSV as RFC 4180 has it: a quote begins a quoted field only at the field's start, and is written
 * twice inside. Records end with LF or CR LF; empty lines are passed over. A record is an object
 * of its columns in which every value is a string.
 * @param columns Null: the first record names them.
 */
export function createCsvDecoder(format: CsvFormat, columns: readonly string[] | null): CsvDecoder {
  let names = columns;
  return {
    get columns() {
      return names;
    },
    decode(bytes, offset, ended) {
      const { ranges, consumed } = findCsvRecords(bytes, format, ended);
      const rows = readRows(bytes, ranges, format);
      const records: FileRecord[] = [];
      for (const [index, range] of ranges.entries()) {
        const start = offset + range.start;
        const row = rows[index] ?? "unreadable";
        if (names === null) {
          const problem = typeof row === "string" ? row : headerProblem(row);
          if (problem !== null) return stopAt(start, problem, bytes);
          names = row as readonly string[];
        } else if (typeof row === "string") {
          records.push({ kind: "invalid", start, reason: row, recoverable: !range.isUnclosed });
        } else {
          records.push(toRecord(row, names, start));
        }
      }
      return { records, consumed };
    },
  };
}

/** Without a header, no record can be read. */
function stopAt(start: number, problem: string, bytes: Buffer): DecodedRecords {
  const reason = `unusable header: ${problem}`;
  const record = { kind: "invalid", start, reason, recoverable: false } as const;
  return { records: [record], consumed: bytes.length };
}

function headerProblem(names: readonly string[]): string | null {
  const empty = names.indexOf("");
  if (empty >= 0) return `column ${empty + 1} has no name`;
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return `two columns are named ${name.slice(0, 100)}`;
    seen.add(name);
  }
  return null;
}

function toRecord(row: readonly string[], names: readonly string[], start: number): FileRecord {
  if (row.length !== names.length) {
    const reason = `${row.length} columns where the header has ${names.length}`;
    return { kind: "invalid", start, reason, recoverable: true };
  }
  // A null prototype: a column may be called __proto__.
  const value: Record<string, string> = Object.create(null);
  for (const [index, name] of names.entries()) value[name] = row[index] ?? "";
  return {
    kind: "valid",
    start,
    value,
    json: () => new TextEncoder().encode(JSON.stringify(value)),
  };
}

/** The fields of each record, or what is wrong with it. */
function readRows(
  bytes: Buffer,
  ranges: readonly CsvRange[],
  format: CsvFormat,
): readonly (readonly string[] | string)[] {
  const first = ranges[0];
  const last = ranges[ranges.length - 1];
  if (first === undefined || last === undefined) return [];
  const all = bytes.subarray(first.start, last.end);
  if (isUtf8(all)) {
    const rows = tryParse(all, format);
    if (typeof rows !== "string" && rows.length === ranges.length) return rows;
  }
  // Something is wrong somewhere: each record is judged by itself.
  return ranges.map(({ start, end }) => readRow(bytes.subarray(start, end), format));
}

function readRow(bytes: Buffer, format: CsvFormat): readonly string[] | string {
  if (!isUtf8(bytes)) return "not valid UTF-8";
  const rows = tryParse(bytes, format);
  if (typeof rows === "string") return rows;
  return rows[0] ?? "unreadable";
}

function tryParse(bytes: Buffer, format: CsvFormat): string[][] | string {
  try {
    return parse(bytes, {
      delimiter: format.delimiter,
      quote: format.quote,
      escape: format.quote,
      record_delimiter: ["\r\n", "\n"],
      relax_column_count: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    // The library counts lines from where this chunk began, which says nothing to people.
    const message = error instanceof Error ? error.message : String(error);
    return message.replaceAll(/,? (?:at|on) line \d+/g, "");
  }
}
