import assert from "node:assert/strict";
import { FoldSchedule } from "./fold-schedule.js";

describe("FoldSchedule", () => {
  const megabyte = 1024 * 1024;

  it("folds at an eighth of the journal that may lie unfolded", () => {
    const folds = new FoldSchedule(8 * megabyte);
    assert.equal(folds.isDue(0, 0), false);
    folds.wrote(megabyte - 1, 0);
    assert.equal(folds.isDue(0, 0), false);
    folds.wrote(1, 0);
    assert.equal(folds.isDue(0, 0), true);
  });

  it("folds what is old, however little, and says when", () => {
    const folds = new FoldSchedule(8 * megabyte);
    assert.equal(folds.nextDueMs, Number.POSITIVE_INFINITY);
    folds.wrote(10, 1000);
    folds.wrote(10, 9000);
    const dueMs = folds.nextDueMs;
    assert.ok(dueMs > 9000 && dueMs < 61_000, "of the oldest bytes");
    assert.equal(folds.isDue(dueMs - 1, 0), false);
    assert.equal(folds.isDue(dueMs, 0), true);
  });

  it("folds when the overlay has many rows", () => {
    const folds = new FoldSchedule(8 * megabyte);
    assert.equal(folds.isDue(0, 10_000_000), false, "there is nothing to fold");
    folds.wrote(1, 0);
    assert.equal(folds.isDue(0, 10_000_000), true);
  });

  it("folds earlier while much waits", () => {
    const folds = new FoldSchedule(8 * megabyte);
    folds.wrote(megabyte / 4, 0);
    assert.deepEqual([folds.isDue(0, 0), folds.isDue(0, 0, true)], [false, true]);
    const rows = new FoldSchedule(8 * megabyte);
    rows.wrote(1, 0);
    assert.deepEqual([rows.isDue(0, 50_000), rows.isDue(0, 50_000, true)], [false, true]);
  });

  it("begins none while one is under way, and counts what comes meanwhile to the next", () => {
    const folds = new FoldSchedule(8 * megabyte);
    folds.wrote(2 * megabyte, 0);
    folds.begun();
    folds.wrote(2 * megabyte, 5);
    assert.equal(folds.isDue(1_000_000, 10_000_000), false);
    assert.equal(folds.nextDueMs, Number.POSITIVE_INFINITY);
    folds.ended();
    assert.equal(folds.isDue(5, 0), true);
  });

  it("is behind when what lies unfolded and what is being folded exceed the limit", () => {
    const folds = new FoldSchedule(8 * megabyte);
    folds.wrote(5 * megabyte, 0);
    folds.begun();
    assert.equal(folds.isBehind, false);
    folds.wrote(4 * megabyte, 0);
    assert.equal(folds.isBehind, true);
    folds.ended();
    assert.equal(folds.isBehind, false);
  });

  it("hurries when it is asked to and there is something to fold", () => {
    const folds = new FoldSchedule(8 * megabyte);
    folds.hurry();
    assert.equal(folds.isDue(0, 0), false);
    folds.wrote(1, 0);
    assert.equal(folds.isDue(0, 0), false);
    folds.hurry();
    assert.equal(folds.isDue(0, 0), true);
    folds.begun();
    folds.ended();
    folds.wrote(1, 0);
    assert.equal(folds.isDue(0, 0), false);
  });
});
