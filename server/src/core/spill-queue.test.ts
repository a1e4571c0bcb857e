import assert from "node:assert/strict";
import fc from "fast-check";
import { SpillQueue } from "./spill-queue.js";

// Goal: whatever leaves memory and comes back, the queue is first-in first-out, loses nothing and
// repeats nothing. Method: random programs against a plain array, with tables that hold exactly what
// was folded.

interface Entry {
  readonly sequence: number;
  storedEpoch: number;
  readonly value: Uint8Array;
}

const value = new Uint8Array(10);
const wide = 1_000_000;

type Step =
  | { readonly kind: "push"; readonly count: number }
  | { readonly kind: "take"; readonly count: number }
  | { readonly kind: "seal" }
  | { readonly kind: "fold" }
  | { readonly kind: "restart" }
  | { readonly kind: "evict"; readonly keep: number }
  | { readonly kind: "refill"; readonly low: number; readonly limit: number };

const small = fc.integer({ min: 1, max: 6 });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), count: small }),
  fc.record({ kind: fc.constant("take" as const), count: small }),
  fc.constantFrom({ kind: "seal" as const }, { kind: "fold" as const }),
  fc.constant({ kind: "restart" as const }),
  fc.record({ kind: fc.constant("evict" as const), keep: small }),
  fc.record({ kind: fc.constant("refill" as const), low: small, limit: small }),
);

/** The queue beside an array of everything that is in it, and the tables that it may read. */
class Harness {
  queue = new SpillQueue<Entry>();
  model: Entry[] = [];
  tables: Entry[] = [];
  #nextSequence = 1;
  #openEpoch = 1;
  #foldedEpoch = 0;

  run(step: Step): void {
    if (step.kind === "push") for (let at = 0; at < step.count; at++) this.#push();
    else if (step.kind === "take") for (let at = 0; at < step.count; at++) this.#take();
    else if (step.kind === "seal") this.#seal();
    else if (step.kind === "fold") this.#fold();
    else if (step.kind === "restart") this.#restart();
    else if (step.kind === "evict") this.#evict(step.keep);
    else this.#refill(step);
    this.#assertSame();
  }

  /** Takes until nothing is left, as a mailbox does: refill after every take. */
  takeAll(): void {
    while (this.model.length > 0) {
      this.#refill({ low: 2, limit: 3 });
      assert.ok(this.queue.front(0), "a refill brings back the front");
      this.#take();
      this.#assertSame();
    }
    assert.equal(this.queue.take(), undefined);
  }

  #push(): void {
    const entry = { sequence: this.#nextSequence, storedEpoch: 0, value };
    // Sequences of one queue rise, but other queues have theirs between.
    this.#nextSequence += 1 + (this.#nextSequence % 3);
    this.queue.push(entry);
    this.model.push(entry);
  }

  #take(): void {
    const entry = this.queue.take();
    if (entry === undefined) return;
    assert.equal(entry.sequence, this.model.shift()?.sequence);
  }

  #seal(): void {
    for (const entry of this.model)
      if (entry.storedEpoch === 0) entry.storedEpoch = this.#openEpoch;
    this.#openEpoch++;
  }

  /** What was taken since the last seal is still in the tables: its delete is not sealed. */
  #fold(): void {
    this.#seal();
    this.#foldedEpoch = this.#openEpoch - 1;
    this.tables = this.model.map((entry) => ({ ...entry, storedEpoch: this.#foldedEpoch }));
  }

  #evict(keep: number): void {
    for (const entry of this.queue.evict(this.#foldedEpoch, keep)) {
      assert.ok(
        this.tables.some(({ sequence }) => sequence === entry.sequence),
        "in the tables",
      );
    }
  }

  #refill({ low, limit }: { readonly low: number; readonly limit: number }): void {
    const loaded = this.queue.refill({ count: low, bytes: wide }, limit, (after, last, count) =>
      this.tables
        .filter(({ sequence }) => after < sequence && sequence <= last)
        .slice(0, count)
        .map((entry) => ({ ...entry })),
    );
    assert.ok(loaded.length <= limit);
  }

  #restart(): void {
    this.#fold();
    this.queue = new SpillQueue();
    this.model = this.tables.map((entry) => ({ ...entry }));
    for (const entry of this.model.slice(0, 2)) this.queue.push(entry);
    const spilled = this.model.slice(2);
    this.queue.restoreSpilled(spilled.length, spilled.at(-1)?.sequence ?? 0);
  }

  #assertSame(): void {
    const { queue, model } = this;
    assert.equal(queue.length, model.length);
    assert.ok(queue.inMemoryFront + queue.spilled <= model.length);
    for (let at = 0; at < queue.inMemoryFront; at++) {
      assert.equal(queue.front(at)?.sequence, model[at]?.sequence, `entry ${at} from the front`);
    }
    assert.equal(queue.front(queue.inMemoryFront), undefined);
  }
}

describe("a spill queue", () => {
  it("is first-in first-out over random pushes, takes, folds, evictions, refills and restarts", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (program) => {
        const harness = new Harness();
        for (const each of program) harness.run(each);
        harness.takeAll();
      }),
      { numRuns: 500 },
    );
  });

  it("keeps in memory what no fold has stored", () => {
    const queue = new SpillQueue<Entry>();
    for (const storedEpoch of [1, 1, 2, 0])
      queue.push({ sequence: queue.length + 1, storedEpoch, value });
    assert.deepEqual(queue.evict(1, 1), [{ sequence: 2, storedEpoch: 1, value }]);
    assert.deepEqual(queue.evict(1, 1), []);
    assert.equal(queue.spilled, 1);
  });

  it("evicts nothing from a short queue", () => {
    const queue = new SpillQueue<Entry>();
    queue.push({ sequence: 1, storedEpoch: 1, value });
    assert.deepEqual(queue.evict(1, 1), []);
    assert.equal(queue.spilled, 0);
  });

  it("reads nothing back while its front is long enough", () => {
    const queue = new SpillQueue<Entry>();
    for (let sequence = 1; sequence <= 4; sequence++)
      queue.push({ sequence, storedEpoch: 1, value });
    queue.evict(1, 2);
    const read = () => assert.fail("read the tables");
    assert.deepEqual(queue.refill({ count: 2, bytes: wide }, 10, read), []);
  });

  it("reads nothing back while its front has bytes enough", () => {
    const queue = new SpillQueue<Entry>();
    for (let sequence = 1; sequence <= 4; sequence++)
      queue.push({ sequence, storedEpoch: 1, value });
    queue.evict(1, 2);
    const read = () => assert.fail("read the tables");
    assert.deepEqual(queue.refill({ count: 10, bytes: 20 }, 10, read), []);
    queue.take();
    const third = { sequence: 3, storedEpoch: 1, value };
    assert.deepEqual(
      queue.refill({ count: 10, bytes: 20 }, 10, () => [third]),
      [third],
    );
  });

  it("knows its newest entry wherever that is, and whether the tables hold it all", () => {
    const queue = new SpillQueue<Entry>();
    assert.deepEqual([queue.last, queue.isFolded(0)], [0, true]);
    for (let sequence = 1; sequence <= 4; sequence++)
      queue.push({ sequence, storedEpoch: 2, value });
    assert.deepEqual([queue.last, queue.isFolded(1), queue.isFolded(2)], [4, false, true]);
    queue.evict(2, 1);
    assert.deepEqual([queue.last, queue.isFolded(2)], [4, true]);
    queue.push({ sequence: 9, storedEpoch: 0, value });
    assert.deepEqual([queue.last, queue.isFolded(2)], [9, false]);
    assert.deepEqual(
      queue.removeAll().map(({ sequence }) => sequence),
      [1, 9],
    );
  });

  it("lets go of what was taken from a long queue", () => {
    const queue = new SpillQueue<Entry>();
    for (let sequence = 1; sequence <= 5000; sequence++)
      queue.push({ sequence, storedEpoch: 0, value });
    for (let sequence = 1; sequence <= 4000; sequence++) {
      assert.equal(queue.take()?.sequence, sequence);
    }
    assert.equal(queue.length, 1000);
    assert.equal(queue.front(999)?.sequence, 5000);
  });
});
