import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import fc from "fast-check";
import { FieldReader, FieldWriter } from "./fields.js";

// Goal: the runtime's own rows come back as they were written, whatever an id or a message holds.

describe("fields", () => {
  it("come back in the order written", () => {
    const field = fc.oneof(
      fc.double({ noNaN: true }),
      unicodeText(),
      fc.uint8Array({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(field), (values) => {
        const writer = new FieldWriter();
        for (const value of values) {
          if (typeof value === "number") writer.number(value);
          else if (typeof value === "string") writer.text(value);
          else writer.bytes(value);
        }
        const reader = new FieldReader(writer.finish());
        for (const value of values) {
          if (typeof value === "number") assert.equal(reader.number(), value);
          else if (typeof value === "string") assert.equal(reader.text(), value);
          else assert.deepEqual(reader.bytes(), value);
        }
      }),
    );
  });

  it("write well-formed texts as UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const bytes = new FieldReader(new FieldWriter().text(text).finish()).bytes();
        assert.deepEqual(Buffer.from(bytes), Buffer.from(text));
      }),
    );
  });

  it("keep a lone surrogate, and a pair in its halves apart from a pair", () => {
    for (const text of [
      "\ud800",
      "a\udfff",
      "\udc00\ud800",
      "\ud83d\ude00",
      "\u0000\u07ff\u0800\uffff",
    ]) {
      assert.equal(new FieldReader(new FieldWriter().text(text).finish()).text(), text);
    }
  });

  it("hold every whole number that a sequence may reach", () => {
    for (const number of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      assert.equal(new FieldReader(new FieldWriter().number(number).finish()).number(), number);
    }
  });

  it("are read from the middle of a larger buffer", () => {
    const row = new FieldWriter().text("état").number(7).finish();
    const buffer = new Uint8Array(row.length + 8).fill(0xff);
    buffer.set(row, 5);
    const reader = new FieldReader(buffer.subarray(5, 5 + row.length));
    assert.equal(reader.text(), "état");
    assert.equal(reader.number(), 7);
  });

  it("end with an error when a row is cut short", () => {
    const row = new FieldWriter().text("counter").finish();
    assert.throws(() => new FieldReader(row.subarray(0, row.length - 1)).text(), RangeError);
    assert.throws(() => new FieldReader(new Uint8Array(7)).number(), RangeError);
    assert.throws(() => new FieldReader(new Uint8Array(3)).bytes(), RangeError);
  });
});
