import assert from "node:assert/strict";
import type { Clock } from "../loop/clock.js";
import { IdleCollector } from "./idle-collector.js";

/** A clock that stands still until it is told. */
class ManualClock implements Clock {
  #nowMs = 0;
  readonly #wakeups = new Map<() => void, number>();

  nowMs(): number {
    return this.#nowMs;
  }

  wakeAfter(delayMs: number, wake: () => void) {
    this.#wakeups.set(wake, this.#nowMs + delayMs);
    return { cancel: () => void this.#wakeups.delete(wake) };
  }

  soon(turn: () => void): void {
    turn();
  }

  pass(timeMs: number): void {
    this.#nowMs += timeMs;
    for (const [wake, dueMs] of [...this.#wakeups]) {
      if (dueMs > this.#nowMs) continue;
      this.#wakeups.delete(wake);
      wake();
    }
  }
}

describe("IdleCollector", () => {
  let clock: ManualClock;
  let collector: IdleCollector;
  let collections: number;
  /** What the heap takes after each collection. */
  let heapBytes: number[];

  beforeEach(() => {
    clock = new ManualClock();
    collections = 0;
    heapBytes = [];
    collector = new IdleCollector(clock, () => {
      collections++;
      return heapBytes.shift() ?? 1000;
    });
  });

  it("collects when nothing was committed for five seconds after a fold", () => {
    collector.noteWork();
    collector.noteFold();
    clock.pass(4_999);
    assert.equal(collections, 0);
    clock.pass(1);
    assert.equal(collections, 1);
    for (let hour = 0; hour < 3; hour++) clock.pass(3_600_000);
    assert.equal(collections, 2, "the second one gave nothing back");
  });

  it("collects again every second, as long as that gives much back", () => {
    heapBytes = [1000, 800, 600, 595, 100];
    collector.noteFold();
    clock.pass(5_000);
    for (const count of [1, 2, 3, 4, 4, 4]) {
      assert.equal(collections, count);
      clock.pass(1_000);
    }
  });

  it("work ends it between two collections", () => {
    heapBytes = [1000, 800, 600];
    collector.noteFold();
    clock.pass(5_000);
    collector.noteWork();
    clock.pass(60_000);
    assert.equal(collections, 1);
  });

  it("collects after a start that no work follows", () => {
    collector.noteStart();
    clock.pass(5_000);
    assert.equal(collections, 1);
    clock.pass(1_000);
    assert.equal(collections, 2);
    collector.noteStart();
    collector.noteWork();
    clock.pass(60_000);
    assert.equal(collections, 2);
  });

  it("does not collect before what was worked on is folded", () => {
    collector.noteWork();
    clock.pass(60_000);
    assert.equal(collections, 0);
  });

  it("work puts it off until the fold of that work", () => {
    collector.noteFold();
    clock.pass(3_000);
    collector.noteWork();
    clock.pass(60_000);
    assert.equal(collections, 0);
    collector.noteFold();
    clock.pass(5_000);
    assert.equal(collections, 1);
  });

  it("a busy node, whose folds follow one another, is left alone until it is idle", () => {
    for (let second = 0; second < 60; second++) {
      collector.noteWork();
      collector.noteFold();
      clock.pass(1_000);
    }
    assert.equal(collections, 0);
    clock.pass(4_000);
    assert.equal(collections, 1);
  });

  it("collects no more once it is closed", () => {
    collector.noteFold();
    collector.close();
    clock.pass(60_000);
    assert.equal(collections, 0);
  });

  it("finds the engine's own collector", async () => {
    const garbage = new WeakRef(Object.create(null));
    // What was made in a turn lives as long as the turn.
    await new Promise(setImmediate);
    const real = new IdleCollector(clock);
    real.noteFold();
    clock.pass(5_000);
    assert.equal(garbage.deref(), undefined);
  });
});
