import assert from "node:assert/strict";
import { Backoff, rejectionBackoff } from "./backoff.js";

describe("Backoff", () => {
  const policy = { initialBackoffMs: 100, maxBackoffMs: 30_000, factor: 2, jitter: 0 };

  it("grows by the factor up to the most, and begins afresh after a success [CLOSE-5]", () => {
    const backoff = new Backoff(policy);
    const waits = Array.from({ length: 11 }, () => backoff.nextMs());
    assert.deepEqual(waits.slice(0, 4), [100, 200, 400, 800]);
    assert.deepEqual(waits.slice(-2), [30_000, 30_000]);
    backoff.reset();
    assert.equal(backoff.nextMs(), 100);
  });

  it("waits 5 to 30 seconds after protocol errors, longer each time [CLOSE-5]", () => {
    const backoff = new Backoff(rejectionBackoff);
    const waits = Array.from({ length: 6 }, () => backoff.nextMs());
    assert.ok(waits.every((wait) => wait >= 5_000 && wait <= 30_000));
    assert.ok((waits[0] ?? 0) <= 6_250);
    assert.ok((waits[5] ?? 0) >= 24_000);
  });

  it("varies each wait by at most its jitter, downwards", () => {
    const backoff = new Backoff({ ...policy, factor: 1, jitter: 0.2 });
    const waits = Array.from({ length: 200 }, () => backoff.nextMs());
    assert.ok(Math.min(...waits) >= 80);
    assert.ok(Math.max(...waits) <= 100);
    assert.ok(new Set(waits).size > 100);
  });

  it("stays a number however long a server is away", () => {
    const backoff = new Backoff({ ...policy, factor: 100 });
    for (let attempt = 0; attempt < 2000; attempt++) assert.ok(backoff.nextMs() <= 30_000);
    const none = new Backoff({ ...policy, initialBackoffMs: 0, factor: 100 });
    for (let attempt = 0; attempt < 2000; attempt++) assert.equal(none.nextMs(), 0);
  });
});
