import type { CsvFormat } from "../../module/module.js";

/** The bytes of one record, its line end left out. */
export interface CsvRange {
  readonly start: number;
  readonly end: number;
  /** The file ends inside a quoted field: all that follows its quote may belong elsewhere. */
  readonly isUnclosed: boolean;
}

export interface CsvRanges {
  readonly ranges: readonly CsvRange[];
  /** Bytes up to the end of the last complete record. All of them when the file has ended. */
  readonly consumed: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Finds where records begin and end: at a line end that is not inside a quoted field. What the
 * fields are, and whether they are well formed, is the CSV library's business; but a file position
 * must be exact, and a record at the end of a growing file must not wait for the one after it.
 */
export function findCsvRecords(bytes: Buffer, format: CsvFormat, ended: boolean): CsvRanges {
  const delimiter = Buffer.from(format.delimiter);
  const quote = Buffer.from(format.quote);
  const ranges: CsvRange[] = [];
  let start = 0;
  let atFieldStart = true;
  let isQuoted = false;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (isQuoted) {
      const end = bytes.indexOf(quote, at);
      if (end < 0) break;
      // A quote written twice ends the field and begins it anew: to the same effect.
      isQuoted = false;
      at = end + quote.length;
      if (startsWith(bytes, at, quote)) {
        isQuoted = true;
        at += quote.length;
      }
    } else if (byte === lineFeed) {
      pushRange(ranges, bytes, { start, end: at, isUnclosed: false });
      start = at + 1;
      atFieldStart = true;
      at++;
    } else if (startsWith(bytes, at, delimiter)) {
      atFieldStart = true;
      at += delimiter.length;
    } else if (atFieldStart && startsWith(bytes, at, quote)) {
      isQuoted = true;
      atFieldStart = false;
      at += quote.length;
    } else {
      atFieldStart = false;
      at++;
    }
  }
  if (!ended) return { ranges, consumed: start };
  pushRange(ranges, bytes, { start, end: bytes.length, isUnclosed: isQuoted });
  return { ranges, consumed: bytes.length };
}

function startsWith(bytes: Buffer, at: number, text: Buffer): boolean {
  if (bytes[at] !== text[0]) return false;
  for (let index = 1; index < text.length; index++) {
    if (bytes[at + index] !== text[index]) return false;
  }
  return true;
}

/** Empty lines are no records. */
function pushRange(ranges: CsvRange[], bytes: Buffer, range: CsvRange): void {
  const hasReturn = range.end > range.start && bytes[range.end - 1] === carriageReturn;
  const end = hasReturn && !range.isUnclosed ? range.end - 1 : range.end;
  if (end > range.start) ranges.push({ ...range, end });
}
