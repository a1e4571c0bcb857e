import type { TableName } from "../../src/codec/table-layout.js";
import { tableNames } from "../../src/codec/table-layout.js";
import type { KeyRange, Table } from "../../src/store/table.js";
import type { Tables } from "../../src/store/tables.js";

/**
 * Tables in memory that stand for LMDB: ordered by the bytes of their keys, changed by transactions
 * that happen whole or not at all and are durable when they end. They outlive the node.
 */
export class SimulatedTables implements Tables {
  readonly byName: Readonly<Record<TableName, OrderedTable>>;
  readonly root = {
    transactionSync: <T>(act: () => T): T => this.#transaction(act),
    hasRoom: () => true,
    resetReadTxn: () => undefined,
    close: () => Promise.resolve(),
  };

  constructor() {
    const entries = tableNames.map((name) => [name, new OrderedTable()]);
    this.byName = Object.fromEntries(entries) as Record<TableName, OrderedTable>;
  }

  #transaction<T>(act: () => T): T {
    for (const name of tableNames) this.byName[name].begin();
    try {
      return act();
    } catch (error) {
      for (const name of tableNames) this.byName[name].undo();
      throw error;
    }
  }
}

/** Keys as latin1, which keeps their order. */
export class OrderedTable implements Table {
  readonly #values = new Map<string, Buffer>();
  /** The keys in order; null: to be sorted again. */
  #keys: string[] | null = null;
  /** What the transaction has changed, as it was before. */
  readonly #before = new Map<string, Buffer | undefined>();

  get(key: Buffer): Buffer | undefined {
    const value = this.#values.get(key.toString("latin1"));
    return value === undefined ? undefined : Buffer.from(value);
  }

  getBinaryFast(key: Buffer): Buffer | undefined {
    return this.get(key);
  }

  *getRange(range: KeyRange = {}): Generator<{ readonly key: Buffer; readonly value: Buffer }> {
    for (const key of this.#range(range)) {
      const value = this.#values.get(key) ?? Buffer.alloc(0);
      yield { key: Buffer.from(key, "latin1"), value: Buffer.from(value) };
    }
  }

  *getKeys(range: KeyRange): Generator<Buffer> {
    for (const key of this.#range(range)) yield Buffer.from(key, "latin1");
  }

  countKeys(range: KeyRange): number {
    return this.#range(range).length;
  }

  lastKey(range: KeyRange): Buffer | undefined {
    const last = this.#range(range).at(-1);
    return last === undefined ? undefined : Buffer.from(last, "latin1");
  }

  putSync(key: Buffer, value: Buffer): void {
    this.#set(key.toString("latin1"), Buffer.from(value));
  }

  removeSync(key: Buffer): void {
    this.#set(key.toString("latin1"), undefined);
  }

  getStats(): { readonly entryCount: number } {
    return { entryCount: this.#values.size };
  }

  /** Keys as latin1. */
  entries(): ReadonlyMap<string, Buffer> {
    return this.#values;
  }

  /** A transaction begins. */
  begin(): void {
    this.#before.clear();
  }

  /** The transaction has failed: none of it has happened. */
  undo(): void {
    for (const [key, value] of [...this.#before]) this.#set(key, value);
  }

  #set(key: string, value: Buffer | undefined): void {
    const before = this.#values.get(key);
    if (!this.#before.has(key)) this.#before.set(key, before);
    if ((before === undefined) !== (value === undefined)) this.#keys = null;
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  #range({ start, end, limit = Number.POSITIVE_INFINITY }: KeyRange): string[] {
    this.#keys ??= [...this.#values.keys()].sort();
    const keys = this.#keys;
    const from = start === undefined ? 0 : firstAtOrBehind(keys, start.toString("latin1"));
    const to = end === undefined ? keys.length : firstAtOrBehind(keys, end.toString("latin1"));
    return keys.slice(from, Math.min(to, from + limit));
  }
}

function firstAtOrBehind(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
