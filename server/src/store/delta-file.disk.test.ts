import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { ByteWriter } from "../codec/byte-writer.js";
import type { TableChange } from "../codec/record-codec.js";
import { DeltaReader, DeltaWriter, deltaName } from "./delta-file.js";
import { FoldBuffer } from "./fold-request.js";

// Goal: what a fold writes into a delta file is what a checkpoint reads, however little of it is in
// memory at a time.
// Method: random changes and blocks, among them changes that are larger than a block.

const change: fc.Arbitrary<TableChange> = fc.record(
  {
    table: fc.constantFrom("rows" as const, "messages" as const),
    key: fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    value: fc.option(
      fc.oneof(fc.nat(20), fc.nat(3000)).map((length) => Buffer.alloc(length, length)),
    ),
  },
  { noNullPrototype: true },
);

describe("a delta file", () => {
  let directory = "";

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-delta-"));
  });

  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("is read in blocks of any size", () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4000 }),
        (all, block) => {
          const writer = new DeltaWriter(directory, 1, 2);
          for (const each of all) writer.add(each);
          writer.commit();
          const reader = new DeltaReader(join(directory, deltaName(1, 2)), block);
          for (const each of all) assert.deepEqual(reader.next(), each);
          assert.equal(reader.next(), null);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("is written from the same memory as the one before, unless a change was large", () => {
    const path = join(directory, deltaName(1, 2));
    const write = (buffer: ByteWriter, value: Buffer) => {
      const key = Buffer.from("key");
      const writer = new DeltaWriter(directory, 1, 2, buffer);
      writer.add({ table: "rows", key, value });
      writer.commit();
      const reader = new DeltaReader(path, 1024);
      assert.deepEqual(reader.next(), { table: "rows", key, value });
      assert.equal(reader.next(), null);
    };
    const room = new FoldBuffer();
    const first = room.takeCopy();
    write(first, Buffer.from("small"));
    assert.equal(room.takeCopy(), first);
    write(first, Buffer.alloc(1_000_000, 7));
    assert.notEqual(room.takeCopy(), first);
  });
});
