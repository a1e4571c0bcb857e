import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteWriter } from "../codec/byte-writer.js";
import { compareChanges, writeChange } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import { tableNames } from "../codec/table-layout.js";
import { checksumBytes, checksumOf } from "./checked-table.js";
import {
  compareEntry,
  entriesOf,
  entryAt,
  findEntry,
  packBlock,
  placeLength,
} from "./table-block.js";

// Goal: a block holds every change that puts something, as a table would, and finds its place.

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const key = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((array) => Buffer.from(array));
const change: fc.Arbitrary<TableChange> = fc.record(
  { table: fc.constantFrom(...tableNames), key, value: fc.option(bytes) },
  { noNullPrototype: true },
);
const changes = fc
  .uniqueArray(change, { selector: ({ table, key: of }) => `${table} ${of.toString("hex")}` })
  .map((all) => all.sort(compareChanges));

function encode(all: readonly TableChange[]): Buffer {
  const writer = new ByteWriter();
  for (const each of all) writeChange(writer, each);
  return writer.copy();
}

function blockOf(all: readonly TableChange[]) {
  return packBlock(encode(all), tableNames);
}

describe("a block of table entries", () => {
  it("holds what changes put, with their checksums, and no delete", () => {
    fc.assert(
      fc.property(changes, (all) => {
        const block = blockOf(all);
        const puts = all.filter(({ value }) => value !== null);
        assert.equal(entriesOf(block), puts.length);
        for (const [entry, put] of puts.entries()) {
          assert.deepEqual(entryAt(block, entry), put);
          const checksumAt = block.places[entry * placeLength + 2] ?? -1;
          const checksum = checksumOf(put.key, put.value ?? Buffer.alloc(0));
          assert.equal(block.bytes.readUInt32BE(checksumAt), checksum);
          assert.equal(
            block.places[entry * placeLength + 3],
            checksumAt + checksumBytes + (put.value?.length ?? 0),
          );
        }
      }),
    );
  });

  it("finds the place of any key, from any entry on", () => {
    fc.assert(
      fc.property(changes, change, fc.nat(), (all, sought, skipped) => {
        const block = blockOf(all);
        const from = skipped % (entriesOf(block) + 1);
        const found = findEntry(block, sought, from);
        for (let entry = from; entry < entriesOf(block); entry++) {
          const order = compareChanges(entryAt(block, entry), sought);
          assert.equal(Math.sign(compareEntry(block, entry, sought)), Math.sign(order));
          assert.equal(entry < found, order < 0);
        }
      }),
    );
  });

  it("finds the place of a key that it holds", () => {
    const value = Buffer.from("v");
    const held = [..."abc"].map(
      (name) => ({ table: "rows", key: Buffer.from(name), value }) as const,
    );
    const block = blockOf(held);
    assert.deepEqual(
      held.map((sought) => findEntry(block, sought, 0)),
      [0, 1, 2],
    );
    assert.equal(compareEntry(block, 1, { table: "rows", key: Buffer.from("b") }), 0);
  });

  it("takes the tables of another version by their names", () => {
    const raw = encode([{ table: "rows", key: Buffer.from("a"), value: Buffer.from("b") }]);
    assert.equal(entryAt(packBlock(raw, ["meta", "rows"]), 0).table, "meta");
    assert.throws(() => packBlock(Buffer.from([4, 1, 97, 1, 98]), ["meta", "rows"]), {
      name: "CorruptBytesError",
    });
  });

  it("is not made of a change that is cut", () => {
    const raw = encode([{ table: "rows", key: Buffer.from("a"), value: Buffer.from("bcd") }]);
    for (let length = 1; length < raw.length; length++) {
      assert.throws(() => packBlock(raw.subarray(0, length), tableNames), {
        name: "CorruptBytesError",
      });
    }
  });
});
