import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runKillTrial } from "./kill-trial.js";

/**
 * The test of a node that is killed so often. What happens is drawn from a seed that is printed;
 * CRASH_TEST_SEED repeats it.
 */
export function describeKills(kills: number): void {
  describe("a node that is killed", () => {
    const directory = mkdtempSync(join(tmpdir(), "statewire-crash-"));

    after(() => rmSync(directory, { recursive: true }));

    it("goes on as if nothing had happened: each record once, each account in order", async () => {
      const seed = BigInt(process.env["CRASH_TEST_SEED"] ?? Date.now() % 1_000_000);
      process.stdout.write(`      CRASH_TEST_SEED=${seed}\n`);
      const report = await runKillTrial({ directory, seed, kills, recordsPerKill: 1000 });
      assert.deepEqual(report.differences, []);
      const { lost, doubled } = report;
      assert.deepEqual({ kills: report.kills, lost, doubled }, { kills, lost: 0, doubled: 0 });
    }).timeout(300_000);
  });
}
