import assert from "node:assert/strict";
import fc from "fast-check";
import { createType } from "./catalog.js";
import { Outbox, type OutboxRecord } from "./outbox.js";

// Goal: records leave in order, each durable and within the window, and an acknowledgement removes
// exactly what it covers. Method: random programs against numbers.

const sourceType = createType(1, "t/a");

function emit(outbox: Outbox, value: Uint8Array | null = null): void {
  const record: OutboxRecord = {
    egress: outbox.egress,
    sequence: ++outbox.last,
    typename: "x/text",
    value,
    sourceType,
    sourceId: "x",
    storedEpoch: 1,
  };
  outbox.queue.push(record);
}

const rules = { isDeclared: true, isAfterCheckpoint: false };

const sequences = (records: readonly OutboxRecord[]) => records.map(({ sequence }) => sequence);

const range = (first: number, last: number) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);

type Step =
  | { readonly kind: "emit" }
  | { readonly kind: "commit" }
  | { readonly kind: "acknowledge"; readonly ahead: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ kind: "emit" as const }),
  fc.constant({ kind: "commit" as const }),
  fc.record({ kind: fc.constant("acknowledge" as const), ahead: fc.integer({ min: -2, max: 5 }) }),
);

const programs = fc.array(step, { maxLength: 60 });
const windows = fc.integer({ min: 1, max: 4 });

describe("an outbox", () => {
  it("delivers in order, what is durable and within the window, and nothing twice", () => {
    fc.assert(
      fc.property(programs, windows, (program, window) => {
        const outbox = new Outbox("e/out", 0, rules);
        for (const each of program) {
          const { delivered, acknowledged } = outbox;
          if (each.kind === "emit") emit(outbox);
          else if (each.kind === "commit") outbox.durable = outbox.last;
          else {
            const upTo = Math.min(acknowledged + each.ahead, delivered);
            const removed = outbox.acknowledge(acknowledged + each.ahead);
            assert.deepEqual(sequences(removed), range(acknowledged + 1, upTo));
          }
          const expected = Math.max(
            delivered,
            Math.min(outbox.durable, outbox.acknowledged + window),
          );
          assert.deepEqual(
            sequences(outbox.deliverable({ count: window, bytes: 1000 })),
            range(delivered + 1, expected),
          );
        }
      }),
    );
  });

  it("goes on after what was acknowledged in an earlier life", () => {
    const outbox = new Outbox("e/out", 41, rules);
    emit(outbox);
    assert.deepEqual(outbox.deliverable({ count: 10, bytes: 1000 }), []);
    outbox.durable = outbox.last;
    assert.deepEqual(sequences(outbox.deliverable({ count: 10, bytes: 1000 })), [42]);
  });

  it("delivers no more bytes than its window, but one record in any case", () => {
    const outbox = new Outbox("e/out", 0, rules);
    for (let count = 0; count < 4; count++) emit(outbox, Buffer.alloc(100));
    outbox.durable = outbox.last;
    const window = { count: 10, bytes: 150 };
    assert.deepEqual(sequences(outbox.deliverable(window)), [1, 2]);
    assert.deepEqual(sequences(outbox.deliverable(window)), []);
    outbox.acknowledge(1);
    assert.deepEqual(sequences(outbox.deliverable(window)), [3]);
    outbox.acknowledge(3);
    assert.deepEqual(sequences(outbox.deliverable({ count: 10, bytes: 1 })), [4]);
  });

  it("takes no acknowledgement for what it has not delivered", () => {
    const outbox = new Outbox("e/out", 0, rules);
    emit(outbox);
    emit(outbox);
    outbox.durable = 2;
    outbox.deliverable({ count: 1, bytes: 1000 });
    assert.deepEqual(sequences(outbox.acknowledge(2)), [1]);
    assert.equal(outbox.acknowledged, 1);
  });
});
