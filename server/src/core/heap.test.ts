import assert from "node:assert/strict";
import fc from "fast-check";
import { Heap, type HeapEntry } from "./heap.js";

// Goal: timers and retries come up in order of time, then of sequence. Method: random pushes and pops
// against a sorted array.

interface Entry extends HeapEntry {
  readonly dueMs: number;
  readonly sequence: number;
}

const byOrder = (a: Entry, b: Entry) => a.dueMs - b.dueMs || a.sequence - b.sequence;

/** A number pushes an entry due then; null pops. */
const steps = fc.array(fc.option(fc.integer({ min: 0, max: 8 }), { nil: null, freq: 3 }));

describe("a heap", () => {
  it("gives back what was pushed, by time and then by sequence", () => {
    fc.assert(
      fc.property(steps, (program) => {
        const heap = new Heap<Entry>();
        let model: Entry[] = [];
        program.forEach((dueMs, sequence) => {
          if (dueMs === null) {
            assert.deepEqual(heap.pop(), model[0]);
            model = model.slice(1);
          } else {
            heap.push({ dueMs, sequence });
            model = [...model, { dueMs, sequence }].sort(byOrder);
          }
          assert.deepEqual(heap.peek(), model[0]);
          assert.equal(heap.size, model.length);
        });
      }),
    );
  });

  it("keeps the order of what it retains", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const heap = new Heap<Entry>();
        const entries = times.map((dueMs, sequence) => ({ dueMs, sequence }));
        for (const entry of entries) heap.push(entry);
        heap.retain(({ dueMs }) => dueMs % 2 === 0);
        const retained = entries.filter(({ dueMs }) => dueMs % 2 === 0).sort(byOrder);
        assert.deepEqual(popAll(heap), retained);
      }),
    );
  });

  it("is empty after its last entry", () => {
    const heap = new Heap<Entry>();
    heap.push({ dueMs: 1, sequence: 1 });
    heap.pop();
    assert.equal(heap.pop(), undefined);
    assert.equal(heap.peek(), undefined);
  });
});

function popAll(heap: Heap<Entry>): Entry[] {
  const popped: Entry[] = [];
  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) popped.push(entry);
  return popped;
}
