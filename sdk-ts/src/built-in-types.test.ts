import assert from "node:assert/strict";
import type { Type } from "./type.js";
import { types } from "./types.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

/** Value and bytes, as StateFun's own SDKs write them. */
const vectors: [string, Type<unknown>, unknown, string][] = [
  ["false", types.bool, false, ""],
  ["true", types.bool, true, "0801"],
  ["int 0", types.int, 0, ""],
  ["int 1", types.int, 1, "0d01000000"],
  ["int -1", types.int, -1, "0dffffffff"],
  ["int min", types.int, -2_147_483_648, "0d00000080"],
  ["long 0", types.long, 0n, ""],
  ["long 1", types.long, 1n, "090100000000000000"],
  ["long -1", types.long, -1n, "09ffffffffffffffff"],
  ["long max", types.long, 2n ** 63n - 1n, "09ffffffffffffff7f"],
  ["safe long 0", types.safeLong, 0, ""],
  ["safe long 1", types.safeLong, 1, "090100000000000000"],
  ["safe long -1", types.safeLong, -1, "09ffffffffffffffff"],
  ["safe long -2^32", types.safeLong, -(2 ** 32), "0900000000ffffffff"],
  ["safe long max", types.safeLong, Number.MAX_SAFE_INTEGER, "09ffffffffffff1f00"],
  ["safe long min", types.safeLong, Number.MIN_SAFE_INTEGER, "09010000000000e0ff"],
  ["float 0", types.float, 0, ""],
  ["float -0", types.float, -0, "0d00000080"],
  ["float 1.5", types.float, 1.5, "0d0000c03f"],
  ["double 0", types.double, 0, ""],
  ["double -0", types.double, -0, "090000000000000080"],
  ["double 1.5", types.double, 1.5, "09000000000000f83f"],
  ["double NaN", types.double, Number.NaN, "09000000000000f87f"],
  ["empty text", types.string, "", ""],
  ["text", types.string, "hi", "0a026869"],
  ["text beyond ASCII", types.string, "é日", "0a05c3a9e697a5"],
  ["text of 128 bytes", types.string, "x".repeat(128), `0a8001${"78".repeat(128)}`],
];

describe("the built-in types", () => {
  for (const [what, type, value, bytes] of vectors) {
    it(`write and read ${what} as StateFun does`, () => {
      assert.equal(hex(type.encode(value)), bytes);
      assert.deepEqual(type.decode(fromHex(bytes)), value);
      assert.deepEqual(type.decode(Buffer.from(bytes, "hex")), value);
    });
  }

  it("have StateFun's names", () => {
    const { bool, int, long, safeLong, float, double, string } = types;
    assert.deepEqual(
      [bool, int, long, safeLong, float, double, string].map((type) => type.typename),
      ["bool", "int", "long", "long", "float", "double", "string"].map(
        (name) => `io.statefun.types/${name}`,
      ),
    );
  });

  it("read what other protobuf writers may write: defaults, unknown fields, the last of several", () => {
    assert.equal(types.int.decode(fromHex("0d00000000")), 0);
    assert.equal(types.bool.decode(fromHex("0800")), false);
    assert.equal(types.bool.decode(fromHex("088000")), false);
    assert.equal(types.string.decode(fromHex("0a00")), "");
    assert.equal(types.long.decode(fromHex("1005090100000000000000")), 1n);
    assert.equal(types.long.decode(fromHex("090100000000000000090200000000000000")), 2n);
    assert.equal(types.int.decode(fromHex("0d010000001a0161")), 1);
  });

  const wrongValues: [string, Type<unknown>, unknown][] = [
    ["a number for a bool", types.bool, 1],
    ["a fraction for an int", types.int, 1.5],
    ["2^31 for an int", types.int, 2 ** 31],
    ["a number for a long", types.long, 1],
    ["2^63 for a long", types.long, 2n ** 63n],
    ["2^53 for a safe long", types.safeLong, 2 ** 53],
    ["a bigint for a double", types.double, 1n],
    ["text for a float", types.float, "1"],
    ["a number for a string", types.string, 1],
  ];
  for (const [what, type, value] of wrongValues) {
    it(`refuse to write ${what}`, () => {
      assert.throws(() => type.encode(value));
    });
  }

  const wrongBytes: [string, Type<unknown>, string][] = [
    ["a torn value", types.long, "0901"],
    ["another wire type", types.int, "0801"],
    ["text that is not UTF-8", types.string, "0a02c328"],
    ["text that is longer than its bytes", types.string, "0a0568"],
    ["a long beyond the safe integers, as a number", types.safeLong, "090000000000002000"],
    ["a group", types.bool, "0b"],
    ["a varint that does not end", types.bool, "08ffffffffffffffffffff01"],
  ];
  for (const [what, type, bytes] of wrongBytes) {
    it(`refuse to read ${what}`, () => {
      assert.throws(() => type.decode(fromHex(bytes)));
    });
  }
});
