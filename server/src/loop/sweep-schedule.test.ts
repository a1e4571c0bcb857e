import assert from "node:assert/strict";
import { SweepSchedule } from "./sweep-schedule.js";

describe("SweepSchedule", () => {
  const never = Number.POSITIVE_INFINITY;
  const done = { isCut: false, nextExpiryMs: 20_000, durationMs: 30 };

  it("sleeps while nothing ever expires", () => {
    const sweeps = new SweepSchedule(null);
    assert.equal(sweeps.nextDueMs, never);
    assert.equal(sweeps.isDue(Number.MAX_SAFE_INTEGER), false);
  });

  it("sweeps when the first row has expired, and says when", () => {
    const sweeps = new SweepSchedule(null);
    sweeps.noteExpiry(5000);
    assert.equal(sweeps.nextDueMs, 5000);
    assert.equal(sweeps.isDue(4999), false);
    assert.equal(sweeps.isDue(5000), true);
  });

  it("begins none while one is under way", () => {
    const sweeps = new SweepSchedule(1);
    sweeps.begun();
    assert.equal(sweeps.isUnderWay, true);
    assert.equal(sweeps.nextDueMs, never);
    sweeps.noteExpiry(1);
    assert.equal(sweeps.isDue(1_000_000), false);
    sweeps.ended(done, 10_000);
    assert.equal(sweeps.isUnderWay, false);
    assert.equal(sweeps.isDue(20_000), true);
  });

  it("gathers what expires soon after a sweep", () => {
    const sweeps = new SweepSchedule(1);
    sweeps.begun();
    sweeps.ended({ ...done, nextExpiryMs: 10_001 }, 10_000);
    assert.ok(sweeps.nextDueMs > 12_000 && sweeps.nextDueMs < 20_000);
  });

  it("takes half of the time at most while more is due", () => {
    const sweeps = new SweepSchedule(1);
    sweeps.begun();
    sweeps.ended({ isCut: true, nextExpiryMs: 2, durationMs: 300 }, 10_000);
    assert.equal(sweeps.nextDueMs, 10_300);
    sweeps.begun();
    sweeps.ended({ isCut: true, nextExpiryMs: 2, durationMs: 0 }, 11_000);
    assert.ok(sweeps.nextDueMs > 11_000);
  });

  it("expects nothing more of a sweep that was abandoned", () => {
    const sweeps = new SweepSchedule(1);
    sweeps.begun();
    sweeps.abandoned();
    assert.equal(sweeps.isUnderWay, false);
    assert.equal(sweeps.nextDueMs, never);
  });
});
