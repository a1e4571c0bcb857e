import assert from "node:assert/strict";
import { runSeeds } from "./run-seeds.js";
import { replayCommand, wholeCase } from "./seed-report.js";
import { coverageText, summaryText } from "./simulation-text.js";

// Goal: a thousand worlds, each with a mixture of faults of its own, all come to what their messages
// say; and there is no fault that none of them has. `npm run simulate` runs as many as one likes.

const count = 1000;

describe("a thousand simulated worlds", function () {
  this.timeout(600_000);

  it("come to what their messages say, and leave no fault out", async () => {
    const { seed: _first, ...like } = wholeCase(1n);
    // Other tests have the other cores: a second thread would compile everything again.
    const parts = { first: 1n, count, like, plant: null, stopsAtFailure: false, threads: 1 };
    const summary = await runSeeds(parts);
    const failed = summary.failures.map(
      ({ seed, problem }) => `${problem}\n  ${replayCommand(wholeCase(seed))}`,
    );
    assert.deepEqual(failed, []);
    assert.equal(summary.seeds, count);
    const absent = Object.entries(summary.coverage).filter(([, times]) => times === 0);
    assert.deepEqual(absent, [], coverageText(summary));
    assert.ok(summary.messages > 30 * count, summaryText(summary));
  });
});
