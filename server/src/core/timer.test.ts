import assert from "node:assert/strict";
import fc from "fast-check";
import { createType } from "./catalog.js";
import { type Timer, Timers, tokenKey } from "./timer.js";

// Goal: a delayed message comes up once, in order, unless it was cancelled. Method: random programs
// against a plain list, and the cases that a token's text makes.

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
    value: null,
    traceparent: "",
    storedEpoch: 0,
    done: false,
  };
}

type Step =
  | { readonly kind: "add"; readonly afterMs: number }
  | { readonly kind: "cancel"; readonly sequence: number }
  | { readonly kind: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), afterMs: fc.nat(10) }),
  fc.record({ kind: fc.constant("cancel" as const), sequence: fc.nat(20) }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(6) }),
);

describe("timers", () => {
  it("come up when they are due, by time and then by sequence, unless they were cancelled", () => {
    fc.assert(
      fc.property(fc.array(step), (program) => {
        const timers = new Timers();
        let model: { readonly sequence: number; readonly dueMs: number }[] = [];
        let nowMs = 0;
        let next = 0;
        for (const each of program) {
          if (each.kind === "add") {
            timers.add(timer(next, nowMs + each.afterMs));
            model.push({ sequence: next++, dueMs: nowMs + each.afterMs });
          } else if (each.kind === "cancel") {
            const pending = model.some(({ sequence }) => sequence === each.sequence);
            assert.equal(timers.cancel(each.sequence) !== undefined, pending);
            model = model.filter(({ sequence }) => sequence !== each.sequence);
          } else {
            nowMs += each.ms;
            const due = model.filter(({ dueMs }) => dueMs <= nowMs);
            due.sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence);
            model = model.filter(({ dueMs }) => dueMs > nowMs);
            const fired = takeAllDue(timers, nowMs);
            assert.deepEqual(
              fired,
              due.map(({ sequence }) => sequence),
            );
          }
          assert.equal(timers.pending, model.length);
          const earliest = Math.min(...model.map(({ dueMs }) => dueMs));
          if (model.length > 0) assert.ok((timers.nextDueMs ?? Infinity) <= earliest, "never late");
        }
      }),
    );
  });

  it("cannot be cancelled after they came up, nor twice", () => {
    const timers = new Timers();
    timers.add(timer(1, 10));
    timers.add(timer(2, 20));
    assert.equal(timers.takeDue(10)?.sequence, 1);
    assert.equal(timers.cancel(1), undefined);
    assert.equal(timers.cancel(2)?.sequence, 2);
    assert.equal(timers.cancel(2), undefined);
  });

  it("take no memory for long when they are cancelled", () => {
    const timers = new Timers();
    const dayMs = 86_400_000;
    for (let sequence = 1; sequence <= 50_000; sequence++) {
      timers.add(timer(sequence, dayMs));
      if (sequence % 10 !== 0) timers.cancel(sequence);
    }
    assert.equal(timers.pending, 5000);
    assert.ok(timers.size <= 2 * timers.pending, `${timers.size} entries`);
    assert.equal(takeAllDue(timers, dayMs).length, 5000);
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

function takeAllDue(timers: Timers, nowMs: number): number[] {
  const fired: number[] = [];
  for (let due = timers.takeDue(nowMs); due !== undefined; due = timers.takeDue(nowMs)) {
    fired.push(due.sequence);
  }
  return fired;
}
