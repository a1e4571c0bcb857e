import type { RowChange, RowChanges } from "./row.js";
import { ValueStore } from "./value-store.js";

const rowsMin = 64;

/**
 * The rows of one generation of the overlay, each with a number of its own: they rise from `first` on,
 * and those of a later generation are higher. Whoever has the number of a row needs no look-up.
 *
 * Arrays of numbers and bytes, and no object for each row: those that a hop touches are in the
 * processor's cache, and the garbage collector has one thing to look at instead of three for each row.
 */
export class RowGeneration {
  readonly #first: number;
  /** By table: key -> number of the row. */
  readonly #numbers: Map<string, number>[] = [];
  // By place: a row's number less `first`.
  readonly #keys: string[] = [];
  #tables = new Int32Array(rowsMin);
  /** The last epoch that changed the row. */
  #epochs = new Float64Array(rowsMin);
  #expiries = new Float64Array(rowsMin);
  readonly #values = new ValueStore();

  /** `first`: above 0. */
  constructor(first: number) {
    this.#first = first;
  }

  get count(): number {
    return this.#keys.length;
  }

  /** The number that the next row gets. */
  get next(): number {
    return this.#first + this.#keys.length;
  }

  /** The row's number; 0: it is not here. */
  find(table: number, key: string): number {
    return this.#numbers[table]?.get(key) ?? 0;
  }

  /** Whether the number is that of a row here, and of that table. */
  holds(row: number, table: number): boolean {
    return row >= this.#first && this.#tables[row - this.#first] === table;
  }

  keysOf(table: number): Iterable<string> {
    return this.#numbers[table]?.keys() ?? [];
  }

  /** A copy. Null: deleted. */
  valueOf(row: number): Uint8Array | null {
    return this.#values.get(row - this.#first);
  }

  expiryOf(row: number): number {
    return this.#expiries[row - this.#first] ?? 0;
  }

  epochOf(row: number): number {
    return this.#epochs[row - this.#first] ?? 0;
  }

  /** A row that find() does not find; as yet of no epoch. */
  add(table: number, key: string): number {
    let numbers = this.#numbers[table];
    if (numbers === undefined) {
      numbers = new Map();
      this.#numbers[table] = numbers;
    }
    const row = this.next;
    numbers.set(key, row);
    if (this.#keys.length === this.#tables.length) this.#grow();
    this.#tables[this.#keys.length] = table;
    this.#keys.push(key);
    return row;
  }

  /** Returns whether it is the epoch's first change of the row. */
  change(row: number, value: Uint8Array | null, expiresAtMs: number, epoch: number): boolean {
    const place = row - this.#first;
    this.#values.put(place, value);
    this.#expiries[place] = expiresAtMs;
    if (this.#epochs[place] === epoch) return false;
    this.#epochs[place] = epoch;
    return true;
  }

  /** Reads what change() will need. Any number is taken. */
  touch(row: number): number {
    const place = row - this.#first;
    return place < 0 ? 0 : (this.#epochs[place] ?? 0) + this.#values.touch(place);
  }

  /** The rows as they are when they are visited. */
  changesOf(rows: readonly number[]): RowChanges {
    const change = (row: number): RowChange => {
      const place = row - this.#first;
      return {
        table: this.#tables[place] ?? 0,
        key: this.#keys[place] ?? "",
        value: this.#values.view(place),
        expiresAtMs: this.#expiries[place] ?? 0,
      };
    };
    return {
      length: rows.length,
      forEach: (visit) => {
        for (const row of rows) visit(change(row));
      },
    };
  }

  #grow(): void {
    const [tables, epochs, expiries] = [this.#tables, this.#epochs, this.#expiries];
    this.#tables = new Int32Array(2 * tables.length);
    this.#epochs = new Float64Array(2 * epochs.length);
    this.#expiries = new Float64Array(2 * expiries.length);
    this.#tables.set(tables);
    this.#epochs.set(epochs);
    this.#expiries.set(expiries);
  }
}
