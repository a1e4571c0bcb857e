import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecords } from "../src/observation.js";

// Goal: what an egress file says twice, or leaves out, is never taken for a result.

describe("the reader of an egress file", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-egress-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function write(...sequences: readonly number[]): string {
    const path = join(directory, "records.ndjson");
    const lines = sequences.map(
      (sequence) => `{"sequence":${sequence},"value":${10 * sequence}}\n`,
    );
    writeFileSync(path, lines.join(""));
    return path;
  }

  it("gives the values of records that are there once, in order", () => {
    assert.deepEqual(readRecords(write(1, 2, 3)), [10, 20, 30]);
  });

  it("gives nothing when there is no file", () => {
    assert.deepEqual(readRecords(join(directory, "none")), []);
  });

  it("refuses a record that is there twice", () => {
    assert.throws(() => readRecords(write(1, 2, 2)), /line 3 of .* is record 2/);
  });

  it("refuses a gap", () => {
    assert.throws(() => readRecords(write(1, 3)), /line 2 of .* is record 3/);
  });
});
