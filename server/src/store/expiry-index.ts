import { ByteWriter } from "../codec/byte-writer.js";
import {
  expiryKeyBytes,
  readExpiryKey,
  readRowExpiry,
  writeExpiryKey,
} from "../codec/table-layout.js";
import type { Tables } from "./tables.js";

/** What one sweep did. */
export interface SweepReport {
  /** Rows that had expired and are gone. */
  readonly removed: number;
  /** More is due: the sweep has ended at its limit. */
  readonly isCut: boolean;
  /** When the next row may expire, in milliseconds since the Unix epoch; null: none ever does. */
  readonly nextExpiryMs: number | null;
  readonly durationMs: number;
}

/** Entries that one sweep looks at: tens of milliseconds, in which no fold begins. */
const sweepEntriesMax = 4096;

const nothing = Buffer.alloc(0);
const writer = new ByteWriter(2048);

/**
 * Where rows are found by the time at which they expire.
 *
 * INVARIANT: a row that expires has an entry at its expiry or earlier, written in the transaction that
 * wrote the row. So a row that is prolonged again and again needs no second entry: its first one, when
 * it comes up, is moved to the expiry that the row has by then. An entry may be of a row that is
 * gone; it goes when it comes up.
 *
 * Nothing of the journal or of the core knows of the index.
 */
export function indexExpiry(tables: Tables, rowKey: Buffer, row: Buffer): void {
  const expiresAtMs = readRowExpiry(row);
  if (expiresAtMs === 0) return;
  const before = tables.byName.rows.getBinaryFast(rowKey) as Buffer | undefined;
  const indexedAtMs = before === undefined ? 0 : readRowExpiry(before);
  if (indexedAtMs === 0 || indexedAtMs > expiresAtMs) putEntry(tables, expiresAtMs, rowKey);
}

/**
 * Removes rows that expired at or before the time, in one transaction, up to a limit.
 *
 * CALLER: nobody reads a row as of an earlier time any more. Whatever an epoch that is not folded yet
 * makes of such a row is in memory, and will be written whole.
 */
export function sweepExpired(tables: Tables, beforeMs: number): SweepReport {
  const startedAt = performance.now();
  const { expiries, rows } = tables.byName;
  const end = entryKey(beforeMs + 1, nothing);
  const due = [...expiries.getKeys({ end, limit: sweepEntriesMax })].map((key) => Buffer.from(key));
  let removed = 0;
  let looked = 0;
  if (due.length > 0) {
    tables.root.transactionSync(() => {
      for (const entry of due) {
        if (looked > 0 && !tables.root.hasRoom()) break;
        looked++;
        const rowKey = entry.subarray(expiryKeyBytes);
        const row = rows.getBinaryFast(rowKey) as Buffer | undefined;
        const expiresAtMs = row === undefined ? 0 : readRowExpiry(row);
        expiries.removeSync(entry);
        if (expiresAtMs === 0) continue;
        if (expiresAtMs > beforeMs) putEntry(tables, expiresAtMs, rowKey);
        else {
          rows.removeSync(rowKey);
          removed++;
        }
      }
    });
  }
  const isCut = looked < due.length || due.length === sweepEntriesMax;
  const durationMs = performance.now() - startedAt;
  return { removed, isCut, nextExpiryMs: readNextExpiry(tables), durationMs };
}

/** When the next row may expire; never too late. Null: none ever does. */
export function readNextExpiry(tables: Tables): number | null {
  for (const key of tables.byName.expiries.getKeys({ limit: 1 })) return readExpiryKey(key);
  return null;
}

/** The entry of a row that nothing has indexed yet; null: the row never expires. */
export function expiryEntry(rowKey: Buffer, row: Buffer): Buffer | null {
  const expiresAtMs = readRowExpiry(row);
  return expiresAtMs === 0 ? null : entryKey(expiresAtMs, rowKey);
}

function putEntry(tables: Tables, expiresAtMs: number, rowKey: Buffer): void {
  tables.byName.expiries.putSync(entryKey(expiresAtMs, rowKey), nothing);
}

function entryKey(expiresAtMs: number, rowKey: Buffer): Buffer {
  writer.reset();
  writeExpiryKey(writer, expiresAtMs, rowKey);
  return writer.copy();
}
