import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { deltaName } from "./delta-file.js";
import { DeltaFiles } from "./delta-files.js";

// Goal: what checkpoints are late with is bounded on disk, and what is left is an unbroken row of
// epochs up to the folded one. Method: a real folder.

describe("delta files", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-deltas-"));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function write(fromEpoch: number, bytes = 100): void {
    writeFileSync(join(directory, deltaName(fromEpoch, fromEpoch + 1)), Buffer.alloc(bytes));
  }

  /** Files go in the background. */
  async function left(count: number): Promise<void> {
    while (readdirSync(directory).length !== count) await setImmediate();
  }

  const epochs = (files: DeltaFiles) => files.files.map(({ toEpoch }) => toEpoch);

  it("go, the oldest first, when they are more bytes than they may be", async () => {
    const files = new DeltaFiles(directory, 350, 0);
    for (let epoch = 0; epoch < 10; epoch++) {
      write(epoch);
      files.folded(epoch, epoch + 1);
      assert.ok(files.bytes <= 350);
    }
    assert.deepEqual(epochs(files), [8, 9, 10]);
    await left(3);
  });

  it("go when they are more than a checkpoint can have open", async () => {
    const files = new DeltaFiles(directory, Number.POSITIVE_INFINITY, 0);
    for (let epoch = 0; epoch < 300; epoch++) {
      write(epoch, 1);
      files.folded(epoch, epoch + 1);
    }
    assert.equal(files.files.length, 256);
    await left(256);
  });

  it("of a fold that did not end, or before a gap, go at the start", async () => {
    for (const epoch of [1, 2, 5, 6, 7]) write(epoch);
    writeFileSync(join(directory, `${deltaName(8, 9)}.tmp`), "half");
    const files = new DeltaFiles(directory, Number.POSITIVE_INFINITY, 7);
    assert.deepEqual(epochs(files), [6, 7]);
    await left(2);
  });
});
