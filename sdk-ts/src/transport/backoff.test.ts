import assert from "node:assert/strict";
import { backoffDelayMs } from "./backoff.js";

describe("the delay before dialling again", () => {
  it("grows from about 100 ms to at most 30 s, varied by a fifth", () => {
    const middle = [0, 1, 2, 8, 9, 1000].map((attempt) => backoffDelayMs(attempt, 0.5, false));
    assert.deepEqual(middle, [100, 200, 400, 25_600, 30_000, 30_000]);
    assert.equal(backoffDelayMs(0, 0, false), 80);
    assert.equal(backoffDelayMs(0, 1, false), 120);
  });

  it("is at least 5 s after a protocol error", () => {
    assert.equal(backoffDelayMs(0, 0, true), 5000);
    assert.equal(backoffDelayMs(0, 1, true), 6000);
    assert.equal(backoffDelayMs(9, 0.5, true), 30_000);
  });
});
