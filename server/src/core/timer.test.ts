import assert from "node:assert/strict";
import fc from "fast-check";
import { createType } from "./catalog.js";
import { before } from "./heap.js";
import type { TimerKey } from "./store-view.js";
import { type Timer, type TimerLimits, Timers, tokenKey } from "./timer.js";

// Goal: a delayed message comes up once, in order, unless it was cancelled, wherever it lies meanwhile.
// Method: random programs against a plain list, with tables that hold what was folded and may be ahead
// of what the core knows, and the cases that a token's text makes.

const type = createType(1, "t/a");

function timer(sequence: number, dueMs: number): Timer {
  return {
    dueMs,
    sequence,
    token: "",
    type,
    id: "x",
    callerType: null,
    callerId: "",
    typename: "x/text",
    value: new Uint8Array(1 + (sequence % 3)),
    traceparent: "",
    storedEpoch: 0,
    done: false,
  };
}

type Step =
  | { readonly kind: "add"; readonly afterMs: number; readonly count: number }
  | { readonly kind: "cancel"; readonly at: number }
  | { readonly kind: "pass"; readonly ms: number; readonly most: number }
  | { readonly kind: "seal" | "fold" | "endFold" | "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), afterMs: fc.nat(30), count: fc.nat(3) }),
  fc.record({ kind: fc.constant("cancel" as const), at: fc.nat(40) }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(6), most: fc.nat(8) }),
  fc.record({ kind: fc.constantFrom("seal" as const, "fold" as const, "endFold" as const) }),
  fc.constant({ kind: "restart" as const }),
);

/** Timers beside a list of the pending ones, and tables with those of the folded epochs. */
class Harness {
  timers = new Timers();
  pending: TimerKey[] = [];
  nowMs = 0;
  readonly #limits: TimerLimits;
  readonly #tables: TimerKey[] = [];
  /** Of the open epoch, and of those that are sealed and not folded. */
  readonly #changes: { readonly set: Timer[]; readonly cleared: TimerKey[] }[] = [
    { set: [], cleared: [] },
  ];
  #openEpoch = 1;
  /** What the tables hold, and what the timers know that they hold. */
  #tablesEpoch = 0;
  #foldedEpoch = 0;
  #nextSequence = 1;

  constructor(limits: TimerLimits) {
    this.#limits = limits;
  }

  run(step: Step): void {
    if (step.kind === "add") for (let at = 0; at <= step.count; at++) this.#add(step.afterMs + at);
    else if (step.kind === "cancel") this.#cancel(step.at);
    else if (step.kind === "pass") this.pass(step.ms, step.most);
    else if (step.kind === "seal") this.#seal();
    else if (step.kind === "fold") this.#fold();
    else if (step.kind === "endFold") this.#endFold();
    else this.#restart();
    this.#assertSame();
  }

  /** Lets time pass, and takes the timers that are due, so many at the most. */
  pass(ms: number, most: number): void {
    this.nowMs += ms;
    for (let fired = 0; fired < most; fired++) {
      this.timers.refill(this.#limits, (after) => this.#read(after));
      const due = this.timers.takeDue(this.nowMs);
      const [first] = this.pending;
      if (first === undefined || first.dueMs > this.nowMs) {
        assert.equal(due, undefined, "too early");
        return;
      }
      if (due === undefined) continue;
      assert.deepEqual([due.dueMs, due.sequence], [first.dueMs, first.sequence]);
      this.pending.shift();
      if (due.storedEpoch > 0) this.#changes.at(-1)?.cleared.push(due);
    }
  }

  #add(afterMs: number): void {
    const added = timer(this.#nextSequence++, this.nowMs + afterMs);
    this.timers.add(added);
    this.#changes.at(-1)?.set.push(added);
    this.pending.push(added);
    this.pending.sort((a, b) => (before(a, b) ? -1 : 1));
  }

  #cancel(at: number): void {
    const [key] = this.pending.splice(at, 1);
    if (key === undefined) return;
    const { dueMs, sequence } = key;
    const isStored = this.timers.cancel({ dueMs, sequence }, this.#openEpoch);
    if (isStored) this.#changes.at(-1)?.cleared.push(key);
  }

  #seal(): void {
    const { set = [] } = this.#changes.at(-1) ?? {};
    for (const each of set) if (!each.done) each.storedEpoch = this.#openEpoch;
    this.#changes.push({ set: [], cleared: [] });
    this.#openEpoch++;
  }

  /** The tables take every sealed epoch; the timers are not told yet. */
  #fold(): void {
    for (const { set, cleared } of this.#changes.splice(0, this.#changes.length - 1)) {
      // What was done when its epoch was sealed is not stored; what was done later is.
      this.#tables.push(...set.filter(({ storedEpoch }) => storedEpoch > 0));
      for (const { sequence } of cleared) {
        const at = this.#tables.findIndex((each) => each.sequence === sequence);
        assert.ok(at >= 0, `timer ${sequence} is deleted once, after it was stored`);
        this.#tables.splice(at, 1);
      }
    }
    this.#tablesEpoch = this.#openEpoch - 1;
    this.#tables.sort((a, b) => (before(a, b) ? -1 : 1));
  }

  #endFold(): void {
    this.#foldedEpoch = this.#tablesEpoch;
    this.timers.evict(this.#foldedEpoch, this.#limits);
  }

  /** What was not sealed is lost, and was never promised: it is sealed first here. */
  #restart(): void {
    this.#seal();
    this.#fold();
    this.#foldedEpoch = this.#tablesEpoch;
    this.timers = new Timers();
    this.timers.restoreSpilled(this.#tables.length);
  }

  #read(after: TimerKey): Timer[] {
    const behind = this.#tables.filter((key) => before(after, key));
    return behind
      .slice(0, Math.max(1, this.#limits.timersInMemoryMax >> 1))
      .map(({ sequence, dueMs }) => ({
        ...timer(sequence, dueMs),
        storedEpoch: Math.max(1, this.#foldedEpoch),
      }));
  }

  #assertSame(): void {
    const { timers, pending } = this;
    assert.equal(timers.pending, pending.length, "pending");
    const [first] = pending;
    if (first !== undefined) assert.ok((timers.nextDueMs ?? Infinity) <= first.dueMs, "never late");
    assert.ok(timers.bytes >= 0 && timers.bytes <= 3 * (pending.length - timers.spilled));
  }
}

const limits = fc.record({
  timersInMemoryMax: fc.constantFrom(1, 2, 4, 1000),
  timersInMemoryBytesMax: fc.constantFrom(1, 8, 1000),
});

describe("timers", () => {
  it("come up when they are due, by time and then by sequence, unless they were cancelled", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 150, size: "max" }), (given, program) => {
        const harness = new Harness(given);
        for (const each of program) harness.run(each);
        harness.pass(1000, 10_000);
        assert.deepEqual(harness.pending, []);
        assert.equal(harness.timers.pending, 0);
        assert.equal(harness.timers.bytes, 0);
      }),
      { numRuns: 1000 },
    );
  });

  it("take no memory for long when they are cancelled", () => {
    const timers = new Timers();
    const dayMs = 86_400_000;
    for (let sequence = 1; sequence <= 50_000; sequence++) {
      timers.add(timer(sequence, dayMs));
      if (sequence % 10 !== 0) timers.cancel({ dueMs: dayMs, sequence }, 1);
    }
    assert.equal(timers.pending, 5000);
    assert.ok(timers.size <= 2 * timers.pending, `${timers.size} entries`);
    let fired = 0;
    while (timers.takeDue(dayMs) !== undefined) fired++;
    assert.equal(fired, 5000);
  });

  it("keep in memory the first ones only, once the tables hold them", () => {
    const timers = new Timers();
    for (let sequence = 1; sequence <= 1000; sequence++) {
      timers.add({ ...timer(sequence, 10_000 - sequence), storedEpoch: sequence > 900 ? 2 : 1 });
    }
    timers.evict(1, { timersInMemoryMax: 100, timersInMemoryBytesMax: 100_000 });
    // The hundred of the second epoch are due first: half the limit stays near, the others are far.
    assert.deepEqual([timers.size, timers.spilled, timers.pending], [100, 900, 1000]);
    timers.evict(2, { timersInMemoryMax: 100, timersInMemoryBytesMax: 100_000 });
    assert.deepEqual([timers.size, timers.spilled, timers.pending], [50, 950, 1000]);
    assert.equal(timers.nextDueMs, 9000);
  });
});

describe("a token's key", () => {
  it("is another one for every other sender or token", () => {
    const text = fc.string({ unit: fc.constantFrom("1", ":", "a", "\u0000"), maxLength: 4 });
    fc.assert(
      fc.property(text, text, text, text, (senderA, tokenA, senderB, tokenB) => {
        const same = senderA === senderB && tokenA === tokenB;
        assert.equal(tokenKey(senderA, tokenA) === tokenKey(senderB, tokenB), same);
      }),
      { numRuns: 1000 },
    );
  });
});
