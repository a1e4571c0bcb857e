import assert from "node:assert/strict";
import { simulate } from "./simulation.js";

// Goal: whatever happens to the node, its disk, its function servers and its clock, every message
// takes effect once and in order, nothing leaves before it is durable, and a seed tells the same story
// every time. Method: see README.md. Here a few seeds, on every save.

const seeds = 15;

describe("a simulated world", function () {
  this.timeout(60_000);

  it("comes to what its messages say, whatever happens to it", async () => {
    for (let seed = 1n; seed <= seeds; seed++) {
      const { problem, log } = await simulate({ seed });
      if (problem !== null) assert.fail(`seed ${seed}: ${problem}\n${log.lines.slice(-20)}`);
    }
  });

  it("tells the same story of the same seed, event for event", async () => {
    const hashes = async (seed: bigint) => (await simulate({ seed })).log.hash();
    for (const seed of [7n, 0xffff_ffff_ffff_fff1n]) {
      assert.equal(await hashes(seed), await hashes(seed), `seed ${seed}`);
    }
    assert.notEqual(await hashes(7n), await hashes(8n));
  });
});
