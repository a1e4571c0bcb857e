import assert from "node:assert/strict";
import fc from "fast-check";
import { ValueStore } from "./value-store.js";

// Goal: each number has the value that was put last, whatever sizes values had before and whatever
// lies beside them. Method: random puts against a plain list, and every value read after each.

const entries = 5;
/** Around the limits: a step of room, a loop, what is small, and a piece. */
const size = fc.oneof(
  fc.constantFrom(0, 1, 16, 17, 48, 49, 2047, 2048, 2049, 70_000),
  fc.nat({ max: 3000 }),
);

const put = fc.record({
  entry: fc.nat({ max: entries - 1 }),
  size: fc.option(size, { nil: null, freq: 8 }),
  fill: fc.integer({ min: 1, max: 255 }),
});

describe("a store of values", () => {
  it("holds what was put last under each number", () => {
    fc.assert(
      fc.property(fc.array(put, { maxLength: 60 }), (puts) => {
        const store = new ValueStore();
        const model: (Uint8Array | null)[] = [];
        for (let entry = 0; entry < entries; entry++) {
          store.put(entry, null);
          model.push(null);
        }
        for (const { entry, size: bytes, fill } of puts) {
          const value = bytes === null ? null : new Uint8Array(bytes).fill(fill);
          store.put(entry, value);
          model[entry] = value;
          for (const [at, expected] of model.entries()) {
            assert.deepEqual(store.get(at), expected);
            assert.deepEqual(store.view(at), expected);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("grows, and keeps apart what lies side by side", () => {
    const store = new ValueStore();
    for (let entry = 0; entry < 5000; entry++) store.put(entry, new Uint8Array(38).fill(entry));
    for (let entry = 0; entry < 5000; entry += 2) store.put(entry, new Uint8Array(48).fill(7));
    for (let entry = 1; entry < 5000; entry += 2) {
      assert.deepEqual(store.get(entry), new Uint8Array(38).fill(entry));
    }
  });

  it("keeps nothing of what it is given or gives", () => {
    const store = new ValueStore();
    for (const bytes of [10, 5000]) {
      const given = new Uint8Array(bytes).fill(1);
      store.put(0, given);
      given.fill(2);
      const got = store.get(0);
      got?.fill(3);
      assert.deepEqual(store.get(0), new Uint8Array(bytes).fill(1));
    }
  });
});
