import type { Row } from "./row.js";
import type { RowView } from "./store-view.js";

/** What a read returns. The value must not be changed; null: deleted. */
export interface RowValue {
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
  #young: Map<string, Row>[] = [];
  #old: Map<string, Row>[] | null = null;
  #dirty: Row[] = [];
  #youngCount = 0;
  /** Of the young rows. */
  #generation = 1;
  #openEpoch: number;

  constructor(view: RowView, openEpoch: number) {
    this.#view = view;
    this.#openEpoch = openEpoch;
  }

  /** Rows in the young generation: the next fold's work. */
  get youngCount(): number {
    return this.#youngCount;
  }

  get dirtyCount(): number {
    return this.#dirty.length;
  }

  get folding(): boolean {
    return this.#old !== null;
  }

  read(table: number, key: string): RowValue | undefined {
    const young = this.#young[table]?.get(key);
    if (young !== undefined) return young;
    const old = this.#old?.[table]?.get(key);
    if (old !== undefined) return old;
    return this.#view.readRow(table, key);
  }

  /** The epoch that last changed the row, or 0 when the tables hold its newest value. */
  epochOf(table: number, key: string): number {
    const row = this.#young[table]?.get(key) ?? this.#old?.[table]?.get(key);
    return row?.epoch ?? 0;
  }

  /** Keys of a table that are newer than the tables or being folded; deleted ones included. */
  keysOf(table: number): string[] {
    const keys = new Set(this.#young[table]?.keys());
    for (const key of this.#old?.[table]?.keys() ?? []) keys.add(key);
    return [...keys];
  }

  write(table: number, key: string, value: Uint8Array | null, expiresAtMs: number): Row {
    let rows = this.#young[table];
    if (rows === undefined) {
      rows = new Map();
      this.#young[table] = rows;
    }
    const row = rows.get(key);
    if (row !== undefined) return this.#change(row, value, expiresAtMs);
    const epoch = this.#openEpoch;
    const created = { table, key, value, expiresAtMs, epoch, generation: this.#generation };
    rows.set(key, created);
    this.#youngCount++;
    this.#dirty.push(created);
    return created;
  }

  /**
   * As write(), for a row that an earlier write() of the same key returned: it is found without a
   * look-up as long as its generation is the young one.
   */
  rewrite(row: Row, value: Uint8Array | null, expiresAtMs: number): Row {
    if (row.generation === this.#generation) return this.#change(row, value, expiresAtMs);
    return this.write(row.table, row.key, value, expiresAtMs);
  }

  /**
   * Ends the open epoch and returns its rows. With `beginFold`, the young generation becomes the
   * old one: the caller folds every epoch up to this one, then calls endFold().
   */
  seal(beginFold: boolean): readonly Row[] {
    const rows = this.#dirty;
    this.#dirty = [];
    this.#openEpoch++;
    if (beginFold && this.#old === null) {
      this.#old = this.#young;
      this.#young = [];
      this.#youngCount = 0;
      this.#generation++;
    }
    return rows;
  }

  endFold(): void {
    this.#old = null;
  }

  #change(row: Row, value: Uint8Array | null, expiresAtMs: number): Row {
    row.value = value;
    row.expiresAtMs = expiresAtMs;
    if (row.epoch !== this.#openEpoch) {
      row.epoch = this.#openEpoch;
      this.#dirty.push(row);
    }
    return row;
  }
}
