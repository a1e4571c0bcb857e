import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import fc from "fast-check";
import { ByteReader, CorruptBytesError } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";

// Goal: what ByteWriter writes, ByteReader reads back, whatever comes before it and however small the
// buffer began; and no bytes make the reader read past their end.

const integers = fc.maxSafeNat();
const texts = unicodeText({ maxLength: 200 });
const byteArrays = fc.uint8Array({ maxLength: 200 });

type Field =
  | { readonly kind: "byte" | "u16" | "u32" | "u64" | "varint"; readonly value: number }
  | { readonly kind: "sizedText"; readonly value: string }
  | { readonly kind: "sizedBytes"; readonly value: Uint8Array };

const fields: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant("byte" as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant("u16" as const), value: fc.nat(0xffff) }),
  fc.record({ kind: fc.constant("u32" as const), value: fc.nat(0xffff_ffff) }),
  fc.record({ kind: fc.constantFrom("u64" as const, "varint" as const), value: integers }),
  fc.record({ kind: fc.constant("sizedText" as const), value: texts }),
  fc.record({ kind: fc.constant("sizedBytes" as const), value: byteArrays }),
);

function write(writer: ByteWriter, field: Field): void {
  if (field.kind === "sizedText") writer.sizedText(field.value);
  else if (field.kind === "sizedBytes") writer.sizedBytes(field.value);
  else writer[field.kind](field.value);
}

function readAll(reader: ByteReader, like: readonly Field[]): unknown[] {
  return like.map(({ kind }) => (kind === "sizedBytes" ? [...reader[kind]()] : reader[kind]()));
}

describe("ByteWriter and ByteReader", () => {
  it("read back any sequence of fields, from a buffer that had to grow", () => {
    fc.assert(
      fc.property(fc.array(fields), (written) => {
        const writer = new ByteWriter(1);
        for (const field of written) write(writer, field);
        const reader = new ByteReader(writer.copy());
        const expected = written.map(({ kind, value }) =>
          kind === "sizedBytes" ? [...value] : value,
        );
        assert.deepEqual(readAll(reader, written), expected);
        assert.equal(reader.atEnd, true);
      }),
    );
  });

  it("keep the bounds of every size of number", () => {
    const edges = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
    for (const value of [...edges, 0x1_0000_0000, Number.MAX_SAFE_INTEGER]) {
      const writer = new ByteWriter(1);
      writer.varint(value);
      writer.u64(value);
      const reader = new ByteReader(writer.copy());
      assert.equal(reader.varint(), value);
      assert.equal(reader.u64(), value);
    }
  });

  it("keep a long text whose length takes two bytes, between its neighbours", () => {
    for (const text of [
      "é".repeat(64),
      "x".repeat(128),
      "\u{1f600}".repeat(40),
      `${"a".repeat(31)}é`,
    ]) {
      const writer = new ByteWriter(1);
      writer.sizedText("before");
      writer.sizedText(text);
      writer.sizedText("after");
      const reader = new ByteReader(writer.copy());
      assert.deepEqual(
        [reader.sizedText(), reader.sizedText(), reader.sizedText()],
        ["before", text, "after"],
      );
    }
  });

  it("order numbers by their bytes", () => {
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        const encoded = [a, b].map((value) => {
          const writer = new ByteWriter(8);
          writer.u64(value);
          return writer.copy();
        });
        const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = encoded;
        assert.equal(Buffer.compare(first, second), Math.sign(a - b));
      }),
    );
  });

  it("use a buffer again after a reset, with nothing of what it held", () => {
    const writer = new ByteWriter(4);
    writer.sizedText("something long enough to grow");
    writer.reset();
    writer.byte(7);
    assert.deepEqual([...writer.view()], [7]);
    assert.equal(writer.length, 1);
  });

  it("leave a gap that is filled in later", () => {
    const writer = new ByteWriter(1);
    const at = writer.skip(2);
    writer.sizedText("a text that makes the buffer grow");
    writer.raw.writeUInt16BE(0xabcd, at);
    assert.equal(new ByteReader(writer.copy()).u16(), 0xabcd);
  });

  it("refuse bytes that end within a field, at every length", () => {
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 5 }), (written) => {
        const writer = new ByteWriter(1);
        for (const field of written) write(writer, field);
        const bytes = writer.copy();
        for (let end = 0; end < bytes.length; end++) {
          assert.throws(() => readAll(new ByteReader(bytes, 0, end), written), CorruptBytesError);
        }
      }),
    );
  });

  it("never read past the end of random bytes", () => {
    fc.assert(
      fc.property(byteArrays, fc.array(fields), (bytes, like) => {
        const buffer = Buffer.from(bytes);
        const end = Math.floor(buffer.length / 2);
        const reader = new ByteReader(buffer, 0, end);
        try {
          readAll(reader, like);
        } catch (error) {
          assert.ok(error instanceof CorruptBytesError, String(error));
        }
        assert.ok(reader.position <= end);
      }),
    );
  });
});
