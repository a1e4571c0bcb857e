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

  beforeEach(() => {
    clock = new ManualClock();
    collections = 0;
    collector = new IdleCollector(clock, () => collections++);
  });

  it("collects once, when nothing was committed for five seconds after a fold", () => {
    collector.noteWork();
    collector.noteFold();
    clock.pass(4_999);
    assert.equal(collections, 0);
    clock.pass(1);
    assert.equal(collections, 1);
    clock.pass(3_600_000);
    assert.equal(collections, 1);
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
