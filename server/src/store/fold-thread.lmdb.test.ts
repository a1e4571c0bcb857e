import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { recordOf, rowChanges, rowTable } from "../../test/support/epoch-records.js";
import { Store } from "./store.js";

// Goal: the end of a store meets a fold at any moment, and both end; a process that waits for nothing
// else waits for its fold, and one that ends at once ends.

const run = promisify(execFile);

describe("FoldThread", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-thread-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const open = () => Store.open({ directory, segmentBytes: 1024 * 1024 });

  async function fill(store: Store, firstEpoch: number): Promise<number> {
    let epoch = firstEpoch;
    for (; epoch < firstEpoch + 20; epoch++) {
      const rows = Array.from({ length: 500 }, (_, at) => [`key ${epoch % 3} ${at}`, `${epoch}`]);
      await store.append(recordOf(rowChanges(epoch, Object.fromEntries(rows))), epoch);
    }
    return epoch - 1;
  }

  it("ends the fold under way before the store ends, whenever that is", async () => {
    let last = 0;
    for (let round = 0; round < 8; round++) {
      const store = await open();
      assert.equal(store.foldedEpoch, last);
      last = await fill(store, last + 1);
      const folding = store.fold(last);
      await setTimeout(round * 5);
      await store.close();
      assert.equal((await folding).epoch, last);
    }
    const store = await open();
    assert.deepEqual([store.foldedEpoch, store.recovery.epochs], [last, 0]);
    const text = Buffer.from(store.readRow(rowTable, `key ${last % 3} 499`)?.value ?? []);
    assert.equal(text.toString(), String(last));
    await store.close();
  });

  it("refuses what is asked of a thread that has ended", async () => {
    const store = await open();
    const last = await fill(store, 1);
    await store.close();
    await assert.rejects(store.fold(last), { code: "WRITE_FAILED" });
  });

  it("keeps a process alive until its fold has ended, and no longer", async () => {
    const { stdout, code } = await runScript("console.log((await store.fold(1)).epoch);");
    assert.deepEqual([stdout, code], ["1\n", 0]);
  });

  it("ends with a process that exits, whatever it is doing", async () => {
    // The thread is starting, opening the tables, folding, or idle by then.
    for (const delayMs of [0, 20, 40, 60, 80, 100, 120]) {
      const { code } = await runScript(
        `void store.fold(1); setTimeout(() => process.exit(7), ${delayMs});`,
      );
      assert.equal(code, 7, `exit after ${delayMs} ms`);
    }
  });

  /** Runs a process with a store that has a large epoch 1 to fold. */
  async function runScript(action: string): Promise<{ stdout: string; code: number }> {
    const modules = ["./store.js", "../../test/support/epoch-records.js"];
    const [store, records] = modules.map((path) => new URL(path, import.meta.url).href);
    const data = mkdtempSync(join(directory, "data-"));
    const path = join(directory, "action.mjs");
    writeFileSync(
      path,
      `const { Store } = await import("${store}");
      const { recordOf, rowChanges } = await import("${records}");
      const store = await Store.open(${JSON.stringify({ directory: data, segmentBytes: 1024 * 1024 })});
      const rows = Array.from({ length: 5000 }, (_, at) => ["key " + at, "x".repeat(100)]);
      await store.append(recordOf(rowChanges(1, Object.fromEntries(rows))), 1);
      ${action}`,
    );
    try {
      const { stdout } = await run(process.execPath, [path], { timeout: 15_000 });
      return { stdout, code: 0 };
    } catch (error) {
      const { stdout, code, signal } = error as { stdout: string; code: number; signal: string };
      assert.equal(signal, null, "it has to end by itself");
      return { stdout, code };
    }
  }
});
