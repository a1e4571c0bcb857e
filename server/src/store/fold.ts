import type { TableChange } from "../codec/record-codec.js";
import { readRowExpiry } from "../codec/table-layout.js";
import { indexExpiry, readNextExpiry } from "./expiry-index.js";
import type { NetEffect } from "./net-effect.js";
import type { JournalPlace } from "./segment.js";
import type { Tables } from "./tables.js";
import { metaNumber } from "./tables.js";

/** What a fold did. */
export interface FoldReport {
  /** The tables hold every epoch up to this one. */
  readonly epoch: number;
  readonly epochs: number;
  /** Behind what the fold has read of the journal; null: it has read nothing. */
  readonly end: JournalPlace | null;
  readonly puts: number;
  readonly deletes: number;
  /** As SweepReport.nextExpiryMs. */
  readonly nextExpiryMs: number | null;
  readonly durationMs: number;
}

/** Takes what a fold writes, in its order: DeltaWriter. */
export interface FoldCopy {
  add(change: TableChange): void;
  /** Durable when it returns. */
  commit(): void;
}

/**
 * Changes in one transaction. LMDB keeps the memory of the largest transaction for ever, and in the
 * order of the keys a slice touches few pages.
 */
const sliceChangesMax = 1024;

export interface FoldOptions {
  /** A row that expired at or before this time need not be written: nobody will read it again. */
  readonly expiredMs: number;
  readonly copy?: FoldCopy | undefined;
}

/** Writes the net effect into the tables, as foldSlices(), without a pause. */
export function foldInto(
  tables: Tables,
  net: NetEffect,
  options: FoldOptions = { expiredMs: 0 },
): FoldReport {
  const slices = foldSlices(tables, net, { changesMax: sliceChangesMax, ...options });
  for (;;) {
    const { value, done } = slices.next();
    if (done === true) return value;
  }
}

/**
 * Writes the net effect into the tables, one slice after the other; durable at the end. The epoch
 * that the tables hold is written with the last slice: a crash before it leaves newer rows than that
 * epoch, and the next start folds the same epochs again, to the same end. Readers in between have
 * what is being folded in memory. The copy is durable before that epoch is.
 */
export function* foldSlices(
  tables: Tables,
  net: NetEffect,
  { changesMax, expiredMs, copy }: FoldOptions & { readonly changesMax: number },
): Generator<void, FoldReport> {
  const startedAt = performance.now();
  const changes = net.sorted()[Symbol.iterator]();
  let puts = 0;
  let deletes = 0;
  const writeSlice = (): boolean => {
    for (let written = 0; written < changesMax; written++) {
      if (written > 0 && !tables.root.hasRoom()) return true;
      const { value: change, done } = changes.next();
      if (done === true) {
        copy?.commit();
        tables.byName.meta.putSync(Buffer.from("foldedEpoch"), metaNumber(net.epoch));
        return false;
      }
      const value = isExpiredRow(change, expiredMs) ? null : change.value;
      copy?.add({ ...change, value });
      if (value === null) {
        tables.byName[change.table].removeSync(change.key);
        deletes++;
      } else {
        if (change.table === "rows") indexExpiry(tables, change.key, value);
        tables.byName[change.table].putSync(change.key, value);
        puts++;
      }
    }
    return true;
  };
  while (tables.root.transactionSync(writeSlice)) yield;
  const nextExpiryMs = readNextExpiry(tables);
  const durationMs = performance.now() - startedAt;
  const { epoch, epochs, end } = net;
  return { epoch, epochs, end, puts, deletes, nextExpiryMs, durationMs };
}

function isExpiredRow({ table, value }: TableChange, expiredMs: number): boolean {
  if (table !== "rows" || value === null) return false;
  const expiresAtMs = readRowExpiry(value);
  return expiresAtMs > 0 && expiresAtMs <= expiredMs;
}
