import assert from "node:assert/strict";
import { Histogram } from "./histogram.js";

describe("a histogram", () => {
  it("counts a value in every bucket whose bound it does not exceed", () => {
    const histogram = new Histogram([1, 10, 100]);
    for (const value of [0, 1, 1.5, 10, 99, 100.5]) histogram.observe(value);
    assert.deepEqual(histogram.lines(), [
      { le: 1, count: 2 },
      { le: 10, count: 4 },
      { le: 100, count: 5 },
      { le: "+Inf", count: 6 },
    ]);
    assert.equal(histogram.count, 6);
    assert.equal(histogram.sum, 212);
  });
});
