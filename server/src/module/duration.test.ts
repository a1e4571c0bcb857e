import assert from "node:assert/strict";
import { formatDuration, parseDuration } from "./duration.js";

describe("a duration", () => {
  const valid: readonly (readonly [unknown, number])[] = [
    ["10 sec", 10_000],
    ["2m", 120_000],
    ["1day", 86_400_000],
    ["1d", 86_400_000],
    ["3 hours", 10_800_000],
    ["5min", 300_000],
    ["250 millis", 250],
    ["7", 7],
    [7, 7],
    [0, 0],
    [" 1 S ", 1000],
    ["2000 µs", 2],
    ["3000000ns", 3],
  ];
  for (const [text, durationMs] of valid) {
    it(`${JSON.stringify(text)} is ${durationMs} ms`, () => {
      assert.equal(parseDuration(text), durationMs);
    });
  }

  for (const text of [
    "",
    "sec",
    "-1s",
    "1.5s",
    "1 week",
    "1ds",
    "1 s s",
    "1 ns",
    -1,
    0.5,
    null,
    {},
  ]) {
    it(`${JSON.stringify(text)} is none`, () => {
      assert.equal(parseDuration(text), undefined);
    });
  }

  it("is written with the largest unit that is exact, and in milliseconds", () => {
    assert.equal(formatDuration(10_000), "10 sec (10000 ms)");
    assert.equal(formatDuration(90_000), "90 sec (90000 ms)");
    assert.equal(formatDuration(172_800_000), "2 day (172800000 ms)");
    assert.equal(formatDuration(1500), "1500 ms");
    assert.equal(formatDuration(0), "0 ms");
  });
});
