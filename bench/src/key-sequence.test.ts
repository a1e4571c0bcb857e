import assert from "node:assert/strict";
import { KeySequence } from "./key-sequence.js";

const draws = 100_000;

function count(keys: number, distribution: "uniform" | "zipf"): readonly number[] {
  const sequence = new KeySequence(keys, distribution, 1);
  const counts = Array.from({ length: keys }, () => 0);
  for (let draw = 0; draw < draws; draw += 1) {
    const key = sequence.next();
    counts[key] = (counts[key] ?? Number.NaN) + 1;
  }
  return counts;
}

describe("key sequence", () => {
  it("draws every key about as often when it is uniform", () => {
    const counts = count(10, "uniform");
    for (const drawn of counts) assert.ok(Math.abs(drawn - draws / 10) < draws / 50, `${counts}`);
  });

  it("draws few keys most of the time when it is zipf, and never one outside the range", () => {
    const counts = count(1000, "zipf").toSorted((a, b) => b - a);
    const top = counts.slice(0, 10).reduce((sum, drawn) => sum + drawn, 0);
    assert.ok(top > draws * 0.3 && top < draws * 0.5, `the ten first had ${top} of ${draws}`);
    assert.equal(
      counts.reduce((sum, drawn) => sum + drawn, 0),
      draws,
    );
  });

  it("draws the same keys for the same seed", () => {
    assert.deepEqual(count(100, "zipf"), count(100, "zipf"));
  });
});
