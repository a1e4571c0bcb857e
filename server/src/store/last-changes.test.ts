import assert from "node:assert/strict";
import fc from "fast-check";
import { LastChanges } from "./last-changes.js";

// Goal: of each key the last change is left, in the order of the keys' bytes. Method: keys that begin
// alike, that begin others and that repeat, against a map of strings and its sorted keys.

const key = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: 10 }).map((bytes) => Uint8Array.from(bytes)),
  fc.nat({ max: 3000 }).map((number) => Buffer.from(`counter-${String(number).padStart(8, "0")}`)),
);

const step = fc.record({ key, isDelete: fc.boolean(), beginsSegment: fc.boolean() });

describe("the last changes of a table's keys", () => {
  it("are one per key, in order", () => {
    const changes = new LastChanges();
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        changes.clear();
        const model = new Map<string, string>();
        let segment = Buffer.alloc(8192);
        let segments = 0;
        let end = 0;
        for (const { key: bytes, isDelete, beginsSegment } of steps) {
          if (beginsSegment) {
            segment = Buffer.alloc(8192);
            segments++;
            end = 0;
          }
          const [at, keyStart, keyEnd] = [end, end + 3, end + 3 + bytes.length];
          segment.set(bytes, keyStart);
          segment.writeUInt16BE(segments, at);
          end = keyEnd;
          const name = Buffer.from(bytes).toString("latin1");
          if (isDelete) {
            assert.equal(changes.delete(segment, { at, keyStart, keyEnd }), model.delete(name));
          } else {
            changes.put(segment, { at, keyStart, keyEnd });
            model.set(name, `${segments}:${at}`);
          }
        }
        assert.equal(changes.size, model.size);
        const places = [...changes.sorted()].map(
          (change) => `${change.segment.readUInt16BE(change.at)}:${change.at}`,
        );
        assert.deepEqual(
          places,
          [...model.keys()].sort().map((name) => model.get(name)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("are as many as there are", () => {
    const changes = new LastChanges();
    // The room of the first and of the last is kept, that of the second is given back.
    for (const count of [100_000, 200_000, 1000, 0]) {
      const segment = Buffer.alloc(count * 4);
      changes.clear();
      for (let number = 0; number < count; number++) {
        const scattered = (number * 7919) % count;
        segment.writeUInt32BE(scattered, number * 4);
        changes.put(segment, { at: number * 4, keyStart: number * 4, keyEnd: number * 4 + 4 });
      }
      const keys = [...changes.sorted()].map(({ at }) => segment.readUInt32BE(at));
      assert.deepEqual([changes.size, keys.length], [count, count]);
      assert.ok(keys.every((found, number) => found === number));
    }
  });
});
