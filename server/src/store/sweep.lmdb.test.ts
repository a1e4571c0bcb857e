import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { changeSet, recordOf, rowTable } from "../../test/support/epoch-records.js";
import { Store } from "./store.js";
import type { Tables } from "./tables.js";
import { openTables } from "./tables.js";

// Goal: what has expired leaves the disk, and nothing else does, however rows are written again,
// prolonged, shortened and deleted between sweeps. Method: a real store, folded and swept step by step
// beside a map of what must be there; LMDB's own count of pages.

type Row = { readonly value: string; readonly expiresAtMs: number } | null;
type Rows = Readonly<Record<string, Row>>;

describe("a sweep", () => {
  let directory = "";
  let stores: Store[] = [];
  let tables: Tables | undefined;
  let epoch = 0;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-sweep-"));
    epoch = 0;
  });

  afterEach(async () => {
    await tables?.root.close();
    tables = undefined;
    for (const store of stores) await store.close();
    stores = [];
    rmSync(directory, { recursive: true });
  });

  async function open(name = "data"): Promise<Store> {
    const path = join(directory, name);
    const store = await Store.open({ directory: path, segmentBytes: 4 * 1024 * 1024 });
    stores.push(store);
    return store;
  }

  async function append(store: Store, rows: Rows): Promise<void> {
    epoch++;
    const changes = changeSet(epoch, {
      rows: Object.entries(rows).map(([key, row]) => ({
        table: rowTable,
        key,
        value: row === null ? null : Buffer.from(row.value),
        expiresAtMs: row?.expiresAtMs ?? 0,
      })),
    });
    await store.append(recordOf(changes), epoch);
  }

  async function fold(store: Store, rows: Rows, expiredMs = 0): Promise<number | null> {
    await append(store, rows);
    return (await store.fold(epoch, expiredMs)).nextExpiryMs;
  }

  function textOf(store: Store, key: string): string | undefined {
    const row = store.readRow(rowTable, key);
    return row === undefined ? undefined : Buffer.from(row.value).toString();
  }

  /** Pages in use: all of the file but those that LMDB may use again. */
  function pagesUsed(): number {
    tables ??= openTables(join(directory, "data", "tables"));
    tables.root.resetReadTxn();
    return Object.values(tables.byName).reduce((sum, table) => {
      const stats = table.getStats() as Readonly<Record<string, number>>;
      const { treeBranchPageCount = 0, treeLeafPageCount = 0, overflowPages = 0 } = stats;
      return sum + treeBranchPageCount + treeLeafPageCount + overflowPages;
    }, 0);
  }

  it("removes what has expired, and tells when the next row will", async () => {
    const store = await open();
    const nextExpiryMs = await fold(store, {
      a: { value: "a", expiresAtMs: 100 },
      b: { value: "b", expiresAtMs: 200 },
      c: { value: "c", expiresAtMs: 0 },
      d: { value: "d", expiresAtMs: 300 },
    });
    assert.equal(nextExpiryMs, 100);
    const early = await store.sweep(99);
    assert.deepEqual([early.removed, early.nextExpiryMs], [0, 100]);
    const report = await store.sweep(200);
    assert.deepEqual([report.removed, report.isCut, report.nextExpiryMs], [2, false, 300]);
    const texts = ["a", "b", "c", "d"].map((key) => textOf(store, key));
    assert.deepEqual(texts, [undefined, undefined, "c", "d"]);
    assert.equal((await store.sweep(300)).nextExpiryMs, null);
    assert.equal(store.rowsExpired, 3);
  });

  it("leaves a row that was prolonged, until its new time", async () => {
    const store = await open();
    await fold(store, { a: { value: "first", expiresAtMs: 100 } });
    await fold(store, { a: { value: "second", expiresAtMs: 500 } });
    const report = await store.sweep(400);
    assert.deepEqual([report.removed, report.nextExpiryMs], [0, 500]);
    assert.equal(textOf(store, "a"), "second");
    assert.equal((await store.sweep(500)).removed, 1);
    assert.equal(textOf(store, "a"), undefined);
  });

  it("takes nothing from a row that is prolonged by an epoch not folded yet", async () => {
    const store = await open();
    await fold(store, { a: { value: "first", expiresAtMs: 100 } });
    // The core holds the new row in memory until the fold has written it.
    await append(store, { a: { value: "second", expiresAtMs: 500 } });
    assert.equal((await store.sweep(100)).removed, 1);
    await store.fold(epoch);
    assert.equal(textOf(store, "a"), "second");
    assert.equal((await store.sweep(499)).removed, 0);
    assert.equal((await store.sweep(500)).removed, 1);
  });

  it("keeps what a crash left in the journal's tail, and sweeps it after the restart", async () => {
    const store = await open();
    await fold(store, { a: { value: "a", expiresAtMs: 100 }, b: { value: "b", expiresAtMs: 0 } });
    await append(store, { a: { value: "later", expiresAtMs: 500 }, b: null });
    await store.sweep(100);
    cpSync(join(directory, "data"), join(directory, "copy"), {
      recursive: true,
      filter: (path) => !path.includes("lock.sock"),
    });
    const again = await open("copy");
    assert.equal(again.recovery.nextExpiryMs, 500);
    assert.deepEqual([textOf(again, "a"), textOf(again, "b")], ["later", undefined]);
    assert.equal((await again.sweep(500)).removed, 1);
    assert.equal(textOf(again, "a"), undefined);
  });

  it("does what a map would do over random writes, folds and sweeps", async () => {
    const store = await open();
    const names = ["a", "b", "c", "d"];
    const row = fc.option(
      fc.record({ value: fc.string(), livesMs: fc.constantFrom(0, 10, 20, 30, 40, 50) }),
    );
    const step = fc.oneof(
      fc.dictionary(fc.constantFrom(...names), row),
      fc.nat(20).map((ms) => ms),
    );
    let nowMs = 1;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (program) => {
        const model = new Map<string, Row>();
        for (const each of program) {
          if (typeof each === "number") {
            nowMs += each;
            await store.sweep(nowMs);
          } else {
            const rows = Object.entries(each).map(([name, written]) => {
              const { value = "", livesMs = 0 } = written ?? {};
              const row = { value, expiresAtMs: livesMs === 0 ? 0 : nowMs + livesMs };
              return [name, written === null ? null : row] as const;
            });
            for (const [name, written] of rows) model.set(name, written);
            await fold(store, Object.fromEntries(rows), nowMs);
          }
          for (const name of names) {
            const { value, expiresAtMs = 0 } = model.get(name) ?? {};
            const isGone = expiresAtMs > 0 && expiresAtMs <= nowMs;
            // Between sweeps it may be there still: who reads it compares the time.
            if (!isGone) assert.equal(textOf(store, name), value, `${name} at ${nowMs}`);
            else if (typeof each === "number") assert.equal(textOf(store, name), undefined);
          }
        }
        nowMs += 100;
        assert.equal((await store.sweep(nowMs)).nextExpiryMs, null, "no entry is left behind");
        await fold(store, { a: null, b: null, c: null, d: null });
      }),
      { numRuns: 60 },
    );
  });

  it("never writes a row that has expired before it is folded", async () => {
    const store = await open();
    await fold(store, { a: { value: "old", expiresAtMs: 100 } });
    const nextExpiryMs = await fold(
      store,
      { a: { value: "new", expiresAtMs: 150 }, b: { value: "b", expiresAtMs: 150 } },
      150,
    );
    assert.deepEqual([textOf(store, "a"), textOf(store, "b")], [undefined, undefined]);
    assert.equal(nextExpiryMs, 100, "the entry of a row that is gone goes with its time");
    const report = await store.sweep(100);
    assert.deepEqual([report.removed, report.nextExpiryMs], [0, null]);
  });

  it("gives the pages of expired rows back, some rows at a time", async () => {
    const store = await open();
    const rows = (from: number, count: number, expiresAtMs: number): Rows =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [
          `key ${from + at}`,
          { value: "x".repeat(200), expiresAtMs },
        ]),
      );
    await fold(store, rows(0, 1000, 0));
    const before = pagesUsed();
    for (let from = 1000; from < 21_000; from += 5000) await fold(store, rows(from, 5000, 100));
    const full = pagesUsed();
    assert.ok(full > before + 1000, `${before} pages, then ${full}`);
    let sweeps = 0;
    for (let isCut = true; isCut; sweeps++) ({ isCut } = await store.sweep(100));
    assert.ok(sweeps > 2, `${sweeps} sweeps`);
    assert.equal(store.rowsExpired, 20_000);
    const after = pagesUsed();
    // Those that stay lie between the others: their pages are not full any more.
    assert.ok(after < full / 5, `${before} pages, then ${full}, then ${after}`);
    assert.equal(textOf(store, "key 999"), "x".repeat(200));
  });
});
