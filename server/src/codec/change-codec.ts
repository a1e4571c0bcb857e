import { CorruptBytesError } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { TableChange } from "./record-codec.js";
import type { TableName } from "./table-layout.js";
import { tableNames } from "./table-layout.js";

/**
 * Changes to tables, one after the other, as a record of the journal holds them: what a delta file
 * and the objects of a checkpoint consist of. In order of table, then of the key's bytes; no key
 * twice.
 *
 *     change   u8 table index << 1 | delete   sized key   [sized value, when not a delete]
 */
export function writeChange(writer: ByteWriter, { table, key, value }: TableChange): void {
  writer.byte((indexOf(table) << 1) | (value === null ? 1 : 0));
  writer.sizedBytes(key);
  if (value !== null) writer.sizedBytes(value);
}

const indexes: ReadonlyMap<TableName, number> = new Map(
  tableNames.map((name, index) => [name, index]),
);

function indexOf(table: TableName): number {
  return indexes.get(table) ?? 0;
}

/** Which of two changes comes first: negative, zero for the same key, positive. */
export function compareChanges(a: TableChange, b: TableChange): number {
  if (a.table !== b.table) return indexOf(a.table) - indexOf(b.table);
  return a.key.compare(b.key);
}

/** A message, timer or record: its key is put once, deleted once, and never used again. */
export function isPassing(table: TableName): boolean {
  return table === "messages" || table === "timers" || table === "records";
}

/**
 * Reads changes from bytes that come in parts of any size. What it returns are views into them.
 *
 * `tables`: the names behind the indexes, when the bytes may be another version's.
 */
export class ChangeReader {
  readonly #tables: readonly TableName[];
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(tables: readonly TableName[] = tableNames) {
    this.#tables = tables;
  }

  /** Bytes behind the last whole change. */
  get pending(): number {
    return this.#bytes.length - this.#at;
  }

  /** Adds the bytes that follow. Call it when next() has returned null. */
  fill(bytes: Buffer): void {
    this.#bytes =
      this.pending === 0 ? bytes : Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
    this.#at = 0;
  }

  /** Of the bytes so far, those behind the last whole change. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  /** As fill(), with bytes that begin with the rest. */
  refill(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#at = 0;
  }

  /**
   * The next change; null when it is not there whole.
   * @throws CorruptBytesError for bytes that are no change.
   */
  next(): TableChange | null {
    const start = this.#at;
    const head = this.#bytes[start];
    if (head === undefined) return null;
    const table = this.#tables[head >> 1];
    if (table === undefined) throw new CorruptBytesError(`change to table ${head >> 1}`);
    this.#at++;
    const key = this.#sized();
    const value = key === null || (head & 1) === 1 ? null : this.#sized();
    if (key === null || (value === null && (head & 1) === 0)) {
      this.#at = start;
      return null;
    }
    return { table, key, value };
  }

  #sized(): Buffer | null {
    const bytes = this.#bytes;
    let length = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[this.#at];
      if (byte === undefined) return null;
      if (scale > 2 ** 49) throw new CorruptBytesError("a varint is longer than 8 bytes");
      this.#at++;
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    const end = this.#at + length;
    if (end > bytes.length) return null;
    const view = bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }
}
