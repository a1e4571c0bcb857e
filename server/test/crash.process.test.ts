import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runKillTrial } from "./torture/kill-trial.js";

// Goal: after kill -9 of the runtime and of function servers at any moment, everything took effect
// exactly once. Method: a short run of `npm run torture`. What happens is drawn from a seed that is
// printed; CRASH_TEST_SEED repeats it.

describe("a node that is killed", () => {
  const directory = mkdtempSync(join(tmpdir(), "statewire-crash-"));

  after(() => rmSync(directory, { recursive: true }));

  it("goes on as if nothing had happened: each record once, each account in order", async () => {
    const seed = BigInt(process.env["CRASH_TEST_SEED"] ?? Date.now() % 1_000_000);
    process.stdout.write(`      CRASH_TEST_SEED=${seed}\n`);
    const { kills, lost, doubled, differences } = await runKillTrial({
      directory,
      seed,
      kills: 12,
      recordsPerKill: 1000,
    });
    assert.deepEqual(differences, []);
    assert.deepEqual([kills, lost, doubled], [12, 0, 0]);
  }).timeout(300_000);
});
