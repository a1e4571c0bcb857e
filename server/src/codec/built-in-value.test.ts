import assert from "node:assert/strict";
import {
  describeBuiltIn,
  encodeBuiltIn,
  formatBuiltIn,
  isBuiltInTypename,
} from "./built-in-value.js";

const type = (name: string): string => `io.statefun.types/${name}`;
const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");

/** Name, JSON, StateFun's bytes. */
const forms: readonly (readonly [string, string, string])[] = [
  ["bool", "true", "0801"],
  ["bool", "false", ""],
  ["int", "1", "0d01000000"],
  ["int", "-2147483648", "0d00000080"],
  ["int", "0", ""],
  ["long", "1", "090100000000000000"],
  ["long", "9223372036854775807", "09ffffffffffffff7f"],
  ["long", "-9223372036854775808", "090000000000000080"],
  ["float", "1.5", "0d0000c03f"],
  ["float", "0.1", "0dcdcccc3d"],
  ["float", '"-Infinity"', "0d000080ff"],
  ["double", "1.5", "09000000000000f83f"],
  ["double", "-0", "090000000000000080"],
  ["double", '"NaN"', "09000000000000f87f"],
  ["string", '"hi"', "0a026869"],
  ["string", '"\\n"', "0a010a"],
  ["string", '""', ""],
];

describe("built-in values", () => {
  for (const [name, json, bytes] of forms) {
    it(`${name} ${json} is ${bytes === "" ? "zero bytes" : bytes}, both ways`, () => {
      assert.equal(hex(encodeBuiltIn(type(name), json)), bytes);
      assert.equal(formatBuiltIn(type(name), Buffer.from(bytes, "hex")), json);
    });
  }

  it("a long may be written as a string of digits", () => {
    assert.equal(hex(encodeBuiltIn(type("long"), '"7"')), "090700000000000000");
  });

  it("a float of any bits survives its JSON form", () => {
    const buffer = Buffer.alloc(5);
    buffer[0] = 0x0d;
    for (let bits = 1; bits < 0x7f800000; bits += 0x00012347) {
      buffer.writeUInt32LE(bits, 1);
      const json = formatBuiltIn(type("float"), buffer);
      assert.ok(json !== undefined);
      assert.equal(hex(encodeBuiltIn(type("float"), json)), buffer.toString("hex"));
    }
  });

  it("text that is not a value of the type is refused", () => {
    const refused: readonly (readonly [string, string])[] = [
      ["bool", "1"],
      ["int", "2147483648"],
      ["int", "1.5"],
      ["int", ""],
      ["long", "9223372036854775808"],
      ["long", "0x10"],
      ["float", "1e300"],
      ["float", "abc"],
      ["double", "1e999"],
      ["double", "1,5"],
      ["string", "hi"],
      ["string", '"\\ud800"'],
    ];
    for (const [name, json] of refused) {
      assert.equal(encodeBuiltIn(type(name), json), undefined, `${name} ${json}`);
    }
  });

  it("bytes that are not a value of the type have no JSON form", () => {
    assert.equal(formatBuiltIn(type("long"), Buffer.from("0d01000000", "hex")), undefined);
    assert.equal(formatBuiltIn(type("long"), Buffer.from("0901", "hex")), undefined);
    assert.equal(formatBuiltIn(type("string"), Buffer.from("0a01ff", "hex")), undefined);
    assert.equal(formatBuiltIn("shop/order", Buffer.from("0801", "hex")), undefined);
  });

  it("unknown fields are passed over", () => {
    assert.equal(formatBuiltIn(type("bool"), Buffer.from("10050801", "hex")), "true");
  });

  it("other types are not built in", () => {
    assert.ok(isBuiltInTypename(type("int")));
    assert.ok(!isBuiltInTypename(type("short")));
    assert.equal(encodeBuiltIn("shop/order", "1"), undefined);
    assert.equal(describeBuiltIn(type("int")), "an integer of 32 bits");
  });
});
