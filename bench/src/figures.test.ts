import assert from "node:assert/strict";
import { LatencyRecorder, median } from "./figures.js";

describe("median", () => {
  it("is the value in the middle, whatever the order", () => {
    assert.equal(median([9, 1, 5]), 5);
  });

  it("is the mean of the two in the middle when there is no single one", () => {
    assert.equal(median([4, 1, 2, 100]), 3);
  });

  it("is no number when there are no values", () => {
    assert.ok(Number.isNaN(median([])));
  });
});

describe("latency recorder", () => {
  it("has no figures before the first duration", () => {
    assert.deepEqual(new LatencyRecorder().figures(), {});
  });

  it("finds percentiles in milliseconds, exact to three digits", () => {
    const latency = new LatencyRecorder();
    for (let ms = 1; ms <= 100; ms += 1) latency.recordMs(ms);
    const { p50Ms = 0, p99Ms = 0 } = latency.figures();
    assert.ok(Math.abs(p50Ms - 50) < 0.5, `p50 was ${p50Ms}`);
    assert.ok(Math.abs(p99Ms - 99) < 0.5, `p99 was ${p99Ms}`);
  });

  it("takes a duration of zero, which a coarse clock can measure", () => {
    const latency = new LatencyRecorder();
    latency.recordMs(0);
    assert.deepEqual(latency.figures(), { p50Ms: 1e-6, p99Ms: 1e-6 });
  });
});
