import assert from "node:assert/strict";
import fc from "fast-check";
import { Fifo } from "./fifo.js";

describe("a first-in first-out queue", () => {
  it("equals an array over random pushes, takes and cuts", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), count: fc.nat(3000) }),
      fc.record({ kind: fc.constant("take" as const), count: fc.nat(3000) }),
      fc.record({ kind: fc.constant("cut" as const), count: fc.nat(2000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        let next = 0;
        for (const { kind, count } of steps) {
          if (kind === "cut") assert.deepEqual(fifo.cut(count), model.splice(count));
          for (let at = 0; kind !== "cut" && at < count; at++) {
            if (kind === "take") assert.equal(fifo.take(), model.shift());
            else {
              fifo.push(next);
              model.push(next++);
            }
          }
          assert.equal(fifo.length, model.length);
          assert.equal(fifo.at(0), model[0]);
          assert.equal(fifo.at(model.length), undefined);
          assert.equal(fifo.last(), model.at(-1));
        }
      }),
    );
  });
});
