import type { RowChanges } from "./row.js";
import { RowGeneration } from "./row-generation.js";
import type { RowView } from "./store-view.js";

/** What a read returns: a copy. */
export interface RowValue {
  /** Null: deleted. */
  readonly value: Uint8Array | null;
  readonly expiresAtMs: number;
}

/**
 * The keyed rows that are newer than the tables, in two generations.
 *
 *     read:  young -> old -> tables
 *     write: young
 *
 * INVARIANTS
 * - While a fold is under way, `old` holds the rows of exactly the epochs that it folds, and no row
 *   of `old` ever changes. When it is done, the tables hold them, and `old` is dropped whole.
 * - Generations change places only when an epoch is sealed, so that no epoch is in both.
 * - `dirty` holds each row that the open epoch changed, once.
 */
export class Overlay {
  readonly #view: RowView;
  #young = new RowGeneration(1);
  #old: RowGeneration | null = null;
  #dirty: number[] = [];
  #openEpoch: number;

  constructor(view: RowView, openEpoch: number) {
    this.#view = view;
    this.#openEpoch = openEpoch;
  }

  /** Rows in the young generation: the next fold's work. */
  get youngCount(): number {
    return this.#young.count;
  }

  get dirtyCount(): number {
    return this.#dirty.length;
  }

  get folding(): boolean {
    return this.#old !== null;
  }

  read(table: number, key: string): RowValue | undefined {
    const young = this.#young.find(table, key);
    if (young > 0) return rowOf(this.#young, young);
    const old = this.#old?.find(table, key) ?? 0;
    if (this.#old !== null && old > 0) return rowOf(this.#old, old);
    return this.#view.readRow(table, key);
  }

  /** The epoch that last changed the row, or 0 when the tables hold its newest value. */
  epochOf(table: number, key: string): number {
    const young = this.#young.find(table, key);
    if (young > 0) return this.#young.epochOf(young);
    const old = this.#old?.find(table, key) ?? 0;
    return this.#old !== null && old > 0 ? this.#old.epochOf(old) : 0;
  }

  /** Keys of a table that are newer than the tables or being folded; deleted ones included. */
  keysOf(table: number): string[] {
    const keys = new Set(this.#young.keysOf(table));
    for (const key of this.#old?.keysOf(table) ?? []) keys.add(key);
    return [...keys];
  }

  /** The value is copied. Returns the row's number, for rewrite(). */
  write(table: number, key: string, value: Uint8Array | null, expiresAtMs: number): number {
    const young = this.#young;
    const found = young.find(table, key);
    const row = found > 0 ? found : young.add(table, key);
    this.#change(row, value, expiresAtMs);
    return row;
  }

  /**
   * As write(), for a row that an earlier write() of the same table and key gave the number of: it is
   * found without a look-up as long as its generation is the young one. 0: no write() has.
   */
  rewrite(
    row: number,
    { table, key }: { readonly table: number; readonly key: string },
    value: Uint8Array | null,
    expiresAtMs: number,
  ): number {
    if (row === 0 || !this.#young.holds(row, table)) {
      return this.write(table, key, value, expiresAtMs);
    }
    this.#change(row, value, expiresAtMs);
    return row;
  }

  /** Reads what the next rewrite() of a row will need. Returns a number, which means nothing. */
  touch(row: number): number {
    return this.#young.touch(row);
  }

  /**
   * Ends the open epoch and returns its rows. With `beginFold`, the young generation becomes the
   * old one: the caller folds every epoch up to this one, then calls endFold().
   */
  seal(beginFold: boolean): RowChanges {
    const rows = this.#young.changesOf(this.#dirty);
    this.#dirty = [];
    this.#openEpoch++;
    if (beginFold && this.#old === null) {
      this.#old = this.#young;
      this.#young = new RowGeneration(this.#old.next);
    }
    return rows;
  }

  endFold(): void {
    this.#old = null;
  }

  #change(row: number, value: Uint8Array | null, expiresAtMs: number): void {
    const isFirst = this.#young.change(row, value, expiresAtMs, this.#openEpoch);
    if (isFirst) this.#dirty.push(row);
  }
}

function rowOf(generation: RowGeneration, row: number): RowValue {
  return { value: generation.valueOf(row), expiresAtMs: generation.expiryOf(row) };
}
