import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { TableChange } from "../codec/record-codec.js";
import { readChanges, readRecordHeader } from "../codec/record-codec.js";
import { segmentHeaderBytes } from "./segment.js";
import { StoreError } from "./store-error.js";
import type { Tables } from "./tables.js";
import { metaNumber } from "./tables.js";

/** What a fold did. */
export interface FoldReport {
  /** The tables hold every epoch up to this one. */
  readonly epoch: number;
  readonly epochs: number;
  readonly puts: number;
  readonly deletes: number;
  readonly durationMs: number;
}

/** The net effect of epochs that follow one another: the last change of every key. */
export class NetEffect {
  readonly #changes = new Map<string, TableChange>();
  #epoch: number;
  #epochs = 0;

  /** `epoch`: the epoch that the tables hold. */
  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get epochs(): number {
    return this.#epochs;
  }

  get size(): number {
    return this.#changes.size;
  }

  /**
   * Takes the records of one segment that come next, up to `lastEpoch`. Ends at the first record
   * that does not verify.
   *
   * @throws StoreError JOURNAL_CORRUPT when an intact later record follows a broken one: a crash
   * tears only the last record, so the disk has lost what it had promised to keep.
   */
  addSegment(path: string, lastEpoch: number): void {
    const bytes = readFile(path);
    const firstEpoch = Number(bytes.readBigUInt64BE(16));
    if (firstEpoch > this.#epoch + 1) {
      throw new StoreError(
        "JOURNAL_CORRUPT",
        `${path} begins with epoch ${firstEpoch}, and what is before it ends at ${this.#epoch}`,
      );
    }
    let at = segmentHeaderBytes;
    for (;;) {
      const header = readRecordHeader(bytes, at);
      if (header === null || header.epoch > this.#epoch + 1) break;
      if (header.epoch > lastEpoch) return;
      // Epochs that the tables hold already are passed over; an older one is of the file's last use.
      if (header.epoch <= this.#epoch && this.#epochs > 0) break;
      if (header.epoch === this.#epoch + 1) this.#addRecord(bytes, at, header);
      at = header.end;
    }
    this.#assertTorn(bytes, at, path);
  }

  /** In the order of the tables' keys, so that neighbours share a page. */
  sorted(): readonly TableChange[] {
    const entries = [...this.#changes.entries()];
    entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    return entries.map((entry) => entry[1]);
  }

  #addRecord(bytes: Buffer, at: number, header: { readonly epoch: number; readonly end: number }) {
    for (const change of readChanges(bytes, at, header.end)) {
      // latin1 keeps the order of the bytes.
      this.#changes.set(`${change.table}\u0000${change.key.toString("latin1")}`, change);
    }
    this.#epoch = header.epoch;
    this.#epochs++;
  }

  #assertTorn(bytes: Buffer, at: number, path: string): void {
    if (at + 16 > bytes.length) return;
    const next = readRecordHeader(bytes, at + 16 + bytes.readUInt32BE(at));
    if (next === null || next.epoch <= this.#epoch) return;
    throw new StoreError(
      "JOURNAL_CORRUPT",
      `${path} is damaged at byte ${at}: epoch ${this.#epoch + 1} does not verify, ` +
        `and epoch ${next.epoch} follows it`,
    );
  }
}

/** Writes the net effect into the tables in one transaction; durable when it returns. */
export function foldInto(tables: Tables, net: NetEffect): FoldReport {
  const startedAt = performance.now();
  let puts = 0;
  let deletes = 0;
  tables.root.transactionSync(() => {
    for (const { table, key, value } of net.sorted()) {
      if (value === null) {
        tables.byName[table].removeSync(key);
        deletes++;
      } else {
        tables.byName[table].putSync(key, value);
        puts++;
      }
    }
    tables.byName.meta.putSync(Buffer.from("foldedEpoch"), metaNumber(net.epoch));
  });
  const durationMs = performance.now() - startedAt;
  return { epoch: net.epoch, epochs: net.epochs, puts, deletes, durationMs };
}

function readFile(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(file).size);
    let read = 0;
    while (read < bytes.length) {
      const count = readSync(file, bytes, read, bytes.length - read, read);
      if (count === 0) break;
      read += count;
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}
