import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

// Goal: the example as a user runs it, with a runtime and a function server of their own.

const run = fileURLToPath(new URL("../src/run.js", import.meta.url));

describe("fraud detection", function () {
  this.timeout(60_000);
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-fraud-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("scores every payment, and forgets frauds when they expire", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [run, directory]);
    assert.equal(stdout.match(/(\d+) of \1 agree/g)?.length, 4, stdout);
  });
});
