import assert from "node:assert/strict";
import { ValueSlab } from "./value-slab.js";

describe("a value slab", () => {
  it("copies values of every size, none of which shares bytes with another", () => {
    const slab = new ValueSlab();
    const source = Uint8Array.from({ length: 10_000 }, (_, at) => at % 251);
    const copies: { readonly start: number; readonly copy: Uint8Array }[] = [];
    for (let length = 0; length <= 5000; length += length < 70 ? 1 : 97) {
      copies.push({ start: length, copy: slab.copy(source, length, 2 * length) });
    }
    for (const { start, copy } of copies) {
      assert.deepEqual([...copy], [...source.subarray(start, 2 * start)]);
      copy.fill(255);
    }
    assert.equal(source.includes(255), false);
    for (const { start, copy } of copies) assert.equal(copy.length, start);
  });
});
