import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteWriter } from "./byte-writer.js";
import { ChangeReader, compareChanges, writeChange } from "./change-codec.js";
import type { TableChange } from "./record-codec.js";
import { readChangeAt } from "./record-codec.js";
import { tableNames } from "./table-layout.js";

// Goal: changes come back as they were written, from parts of any size, and garbage is an error.

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const change: fc.Arbitrary<TableChange> = fc.record(
  {
    table: fc.constantFrom(...tableNames),
    key: bytes,
    value: fc.option(bytes),
  },
  { noNullPrototype: true },
);

function encode(changes: readonly TableChange[]): Buffer {
  const writer = new ByteWriter();
  for (const each of changes) writeChange(writer, each);
  return writer.copy();
}

describe("ChangeReader", () => {
  it("reads what was written, whole or in parts", () => {
    const parts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(change), parts, (changes, sizes) => {
        const encoded = encode(changes);
        const reader = new ChangeReader();
        const read: TableChange[] = [];
        for (let at = 0, turn = 0; at < encoded.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          reader.fill(Buffer.from(encoded.subarray(at, at + size)));
          at += size;
          for (let next = reader.next(); next !== null; next = reader.next()) {
            read.push({ ...next, key: Buffer.from(next.key) });
          }
        }
        assert.deepEqual(read, changes);
        assert.equal(reader.pending, 0);
      }),
    );
  });

  it("writes the journal's own form", () => {
    fc.assert(
      fc.property(change, (each) => {
        assert.deepEqual(readChangeAt(encode([each]), 0), each);
      }),
    );
  });

  it("keeps what is not there whole", () => {
    const reader = new ChangeReader();
    const encoded = encode([{ table: "rows", key: Buffer.from("k"), value: Buffer.from("value") }]);
    reader.fill(encoded.subarray(0, -1));
    assert.equal(reader.next(), null);
    assert.equal(reader.pending, encoded.length - 1);
  });

  it("refuses a table that does not exist, and a length that is none", () => {
    const reader = new ChangeReader();
    reader.fill(Buffer.from([tableNames.length << 1, 0]));
    assert.throws(() => reader.next(), { name: "CorruptBytesError" });
    const other = new ChangeReader();
    other.fill(Buffer.from([0, ...Array.from({ length: 12 }, () => 0xff)]));
    assert.throws(() => other.next(), { name: "CorruptBytesError" });
  });

  it("orders by table, then by the bytes of the key", () => {
    const of = (table: (typeof tableNames)[number], key: string) => ({
      table,
      key: Buffer.from(key, "latin1"),
      value: null,
    });
    const sorted = [of("rows", "a"), of("rows", "a\x00"), of("rows", "\xff"), of("messages", "")];
    for (const [at, first] of sorted.entries()) {
      for (const [behind, second] of sorted.entries()) {
        assert.equal(Math.sign(compareChanges(first, second)), Math.sign(at - behind));
      }
    }
  });
});
