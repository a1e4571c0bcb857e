import assert from "node:assert/strict";
import { plantedBugs } from "./planted-bugs.js";
import { simulate } from "./simulation.js";

// Goal: the simulation would see it if a promise were broken. Method: each promise is broken on
// purpose, at a seam between two parts of the system, and seeds are run until one fails.

const seedsMax = 1000n;

describe("a planted bug", function () {
  this.timeout(300_000);

  for (const { name, breaks, foundBy, seams } of plantedBugs) {
    it(`is found: ${name}. ${breaks}`, async () => {
      for (let seed = 1n; seed <= seedsMax; seed++) {
        const { problem } = await simulate({ seed, seams: seams() });
        if (problem === null) continue;
        assert.match(String(problem), foundBy, `seed ${seed}`);
        return;
      }
      assert.fail(`${seedsMax} seeds do not find it`);
    });
  }

  it("is one of many, each of another promise", () => {
    assert.ok(plantedBugs.length >= 10);
    const names = plantedBugs.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});
