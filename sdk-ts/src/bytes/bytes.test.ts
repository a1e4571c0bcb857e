/*
 * Goal: functions see the same bytes where there is Node and where there is not. Method: both modules
 * that `#bytes` can be are given the same random input; what fails is shrunk and printed with its seed.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import * as node from "./node-bytes.js";
import * as web from "./web-bytes.js";

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString("hex");

/** Text with halves of surrogate pairs, which UTF-8 has no form for. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
/** Mostly UTF-8, some of it cut or spoiled, some of it with a byte order mark. */
const nearlyText = fc
  .tuple(
    fc.constantFrom("", "\ufeff"),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array({ maxLength: 2 }),
    fc.nat(40),
  )
  .map(([mark, text, tail, end]) =>
    Buffer.concat([Buffer.from(mark + text), tail]).subarray(0, end),
  );

describe("bytes without Node", () => {
  it("have the same operations", () => {
    assert.deepEqual(Object.keys(web).sort(), Object.keys(node).sort());
  });

  it("encode and measure any text as Node does", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const expected = hex(node.encodeUtf8(text));
        assert.equal(hex(web.encodeUtf8(text)), expected);
        assert.equal(web.utf8Length(text), node.utf8Length(text));
        for (const { allocateBytes, utf8Length, writeUtf8 } of [node, web]) {
          const target = allocateBytes(3 + utf8Length(text));
          writeUtf8(target, text, 3);
          assert.equal(hex(target.subarray(3)), expected);
        }
      }),
    );
  });

  it("decode what is UTF-8 and refuse what is not, as Node does", () => {
    fc.assert(
      fc.property(nearlyText, (bytes) => {
        assert.equal(web.decodeUtf8(bytes), node.decodeUtf8(bytes));
      }),
    );
    assert.equal(web.decodeUtf8(Buffer.from("efbbbf61", "hex")), "\ufeffa");
    assert.equal(web.decodeUtf8(Buffer.from("c328", "hex")), undefined);
    assert.equal(node.decodeUtf8(Buffer.from("c328", "hex")), undefined);
  });

  it("read and write base64 as Node does, of any length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = node.encodeBase64(bytes);
        assert.equal(web.encodeBase64(bytes), text);
        assert.equal(hex(web.decodeBase64(text)), hex(bytes));
        assert.equal(hex(node.decodeBase64(text)), hex(bytes));
      }),
    );
    const large = new Uint8Array(100_000).map((_, index) => index * 7);
    assert.equal(web.encodeBase64(large), node.encodeBase64(large));
    for (const { decodeBase64 } of [node, web]) {
      assert.equal(decodeBase64("a*b="), undefined);
    }
  });

  it("copy bytes into memory of their own", () => {
    for (const { copyBytes } of [node, web]) {
      const bytes = Uint8Array.of(1, 2);
      const copy = copyBytes(bytes);
      bytes[0] = 9;
      assert.deepEqual([...copy], [1, 2]);
    }
  });
});
