import assert from "node:assert/strict";
import fc from "fast-check";
import { copyRows } from "../../test/support/core-tables.js";
import { Overlay } from "./overlay.js";
import type { RowView, StoredRow } from "./store-view.js";

// Goal: a read gives the newest value, wherever it lies, and each epoch's rows are exactly what it
// changed. Method: random writes, seals and folds against one plain map.

type Step =
  | { readonly kind: "write"; readonly key: string; readonly value: number | null }
  | { readonly kind: "seal"; readonly beginFold: boolean }
  | { readonly kind: "foldTables" | "endFold" };

const key = fc.constantFrom("a", "b", "c");

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      key,
      value: fc.option(fc.nat(250), { nil: null }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("seal" as const), beginFold: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("foldTables" as const, "endFold" as const) }),
  },
);

const table = 16;

class Tables implements RowView {
  readonly rows = new Map<string, StoredRow>();

  readRow(_table: number, name: string): StoredRow | undefined {
    return this.rows.get(name);
  }
}

/** An overlay beside a map of the newest values, and the map as it was when the fold began. */
class Harness {
  readonly tables = new Tables();
  readonly overlay = new Overlay(this.tables, 1);
  readonly model = new Map<string, number | null>();
  #changed = new Set<string>();
  #folding: Map<string, number | null> | null = null;

  run(step: Step): void {
    if (step.kind === "write") this.#write(step.key, step.value);
    else if (step.kind === "seal") this.#seal(step.beginFold);
    else if (step.kind === "foldTables") this.#foldTables();
    else this.#endFold();
    for (const [name, value] of this.model) assert.equal(this.#read(name), value, name);
    assert.equal(this.overlay.dirtyCount, this.#changed.size);
    assert.equal(this.overlay.folding, this.#folding !== null);
  }

  #write(name: string, value: number | null): void {
    const bytes = value === null ? null : Uint8Array.of(value);
    this.overlay.write(table, name, bytes, 0);
    this.model.set(name, value);
    this.#changed.add(name);
  }

  #seal(beginFold: boolean): void {
    const rows = copyRows(this.overlay.seal(beginFold));
    const changed = new Set(rows.map((row) => row.key));
    assert.equal(changed.size, rows.length, "each row once");
    assert.deepEqual(changed, this.#changed);
    for (const row of rows) assert.equal(row.value?.[0] ?? null, this.model.get(row.key));
    this.#changed = new Set();
    if (beginFold && this.#folding === null) {
      this.#folding = new Map(this.model);
      assert.equal(this.overlay.youngCount, 0);
    }
  }

  #foldTables(): void {
    for (const [name, value] of this.#folding ?? []) {
      if (value === null) this.tables.rows.delete(name);
      else this.tables.rows.set(name, { value: Uint8Array.of(value), expiresAtMs: 0 });
    }
  }

  #endFold(): void {
    if (this.#folding === null) return;
    this.#foldTables();
    this.overlay.endFold();
    this.#folding = null;
  }

  #read(name: string): number | null {
    return this.overlay.read(table, name)?.value?.[0] ?? null;
  }
}

describe("an overlay", () => {
  it("reads the newest value through two generations and the tables", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (program) => {
        const harness = new Harness();
        for (const each of program) harness.run(each);
      }),
      { numRuns: 300 },
    );
  });

  it("tells a deleted row from one that never was", () => {
    const overlay = new Overlay(new Tables(), 1);
    overlay.write(table, "a", null, 0);
    assert.equal(overlay.read(table, "a")?.value, null);
    assert.equal(overlay.read(table, "b"), undefined);
  });

  it("knows the epoch of a row until the tables hold it", () => {
    const overlay = new Overlay(new Tables(), 7);
    overlay.write(table, "a", Uint8Array.of(1), 0);
    assert.equal(overlay.epochOf(table, "a"), 7);
    overlay.seal(true);
    assert.equal(overlay.epochOf(table, "a"), 7);
    overlay.write(table, "a", Uint8Array.of(2), 0);
    assert.equal(overlay.epochOf(table, "a"), 8);
    overlay.seal(false);
    overlay.endFold();
    assert.equal(overlay.epochOf(table, "a"), 8);
    overlay.seal(true);
    overlay.endFold();
    assert.equal(overlay.epochOf(table, "a"), 0);
  });

  it("never changes a row that is being folded", () => {
    const overlay = new Overlay(new Tables(), 1);
    overlay.write(table, "a", Uint8Array.of(1), 5);
    const folded = overlay.seal(true);
    overlay.write(table, "a", Uint8Array.of(2), 6);
    const value = Uint8Array.of(1);
    assert.deepEqual(copyRows(folded), [{ table, key: "a", value, expiresAtMs: 5 }]);
  });

  it("keeps nothing of what it is given or gives", () => {
    const overlay = new Overlay(new Tables(), 1);
    const given = Uint8Array.of(1);
    overlay.write(table, "a", given, 0);
    given[0] = 2;
    const read = overlay.read(table, "a");
    overlay.write(table, "a", Uint8Array.of(3), 0);
    assert.deepEqual(read?.value, Uint8Array.of(1));
  });

  it("rewrites a row without a look-up, and in a new generation as a new row", () => {
    const overlay = new Overlay(new Tables(), 1);
    const a = { table, key: "a" };
    const row = overlay.rewrite(0, a, Uint8Array.of(1), 0);
    assert.equal(overlay.rewrite(row, a, Uint8Array.of(2), 0), row);
    assert.deepEqual(overlay.read(table, "a")?.value, Uint8Array.of(2));
    const folded = overlay.seal(true);
    const next = overlay.rewrite(row, a, Uint8Array.of(3), 0);
    assert.notEqual(next, row);
    assert.deepEqual(copyRows(folded)[0]?.value, Uint8Array.of(2));
    assert.deepEqual(overlay.read(table, "a")?.value, Uint8Array.of(3));
    assert.deepEqual(copyRows(overlay.seal(false)), [
      { ...a, value: Uint8Array.of(3), expiresAtMs: 0 },
    ]);
  });

  it("does not take the number of another table's row for its own", () => {
    const overlay = new Overlay(new Tables(), 1);
    const row = overlay.write(table, "a", Uint8Array.of(1), 0);
    overlay.rewrite(row, { table: table + 1, key: "a" }, Uint8Array.of(2), 0);
    assert.deepEqual(overlay.read(table, "a")?.value, Uint8Array.of(1));
    assert.deepEqual(overlay.read(table + 1, "a")?.value, Uint8Array.of(2));
  });

  it("lists the keys of both generations once", () => {
    const overlay = new Overlay(new Tables(), 1);
    overlay.write(table, "a", Uint8Array.of(1), 0);
    overlay.write(table, "b", null, 0);
    overlay.seal(true);
    overlay.write(table, "b", Uint8Array.of(2), 0);
    overlay.write(table, "c", Uint8Array.of(3), 0);
    assert.deepEqual(overlay.keysOf(table).toSorted(), ["a", "b", "c"]);
    assert.deepEqual(overlay.keysOf(table + 1), []);
  });
});
