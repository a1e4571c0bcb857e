import assert from "node:assert/strict";
import fc from "fast-check";
import { PendingRequests } from "./pending-requests.js";

// Goal: a request is found under its number once, however many others come and go meanwhile.
// Method: random programs against a map, with bursts that need the slots of older requests again.

describe("requests that wait for the core", () => {
  it("are found by their number, once", () => {
    const step = fc.record({
      add: fc.constantFrom(0, 1, 2, 8191, 8192, 20_000),
      take: fc.nat(40),
      keepEach: fc.constantFrom(1, 5000, 9000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (program) => {
        const requests = new PendingRequests<string>();
        const model = new Map<number, string>();
        let newest = 0;
        for (const { add, take, keepEach } of program) {
          for (let count = 0; count < add; count++) {
            const number = requests.add(`waiter ${newest + 1}`);
            assert.equal(number, ++newest);
            if (number % keepEach === 0) model.set(number, `waiter ${number}`);
            else assert.equal(requests.take(number), `waiter ${number}`);
          }
          for (const [number, waiter] of [...model].slice(0, take)) {
            assert.equal(requests.take(number), waiter);
            assert.equal(requests.take(number), undefined);
            model.delete(number);
          }
          assert.equal(requests.size, model.size);
        }
        for (const [number, waiter] of model) assert.equal(requests.take(number), waiter);
        assert.equal(requests.size, 0);
        assert.equal(requests.take(newest + 1), undefined);
      }),
      { numRuns: 60 },
    );
  });
});
