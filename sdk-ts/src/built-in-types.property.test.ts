/*
 * Goal: the built-in types are byte for byte what StateFun's own messages are. Method: random values go
 * through the code that is generated from StateFun's proto file, both ways; what fails is shrunk and
 * printed with its seed.
 */
import assert from "node:assert/strict";
import {
  BooleanWrapper,
  DoubleWrapper,
  FloatWrapper,
  IntWrapper,
  LongWrapper,
  StringWrapper,
} from "@statewire/protos/statefun/types.js";
import fc from "fast-check";
import type { Type } from "./type.js";
import { types } from "./types.js";

interface Wrapper<T> {
  encode(message: { value: T }): { finish(): Uint8Array };
  decode(bytes: Uint8Array): { value: T };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function holdAgainst<T>(type: Type<T>, wrapper: Wrapper<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, (value) => {
      const expected = wrapper.encode({ value }).finish();
      assert.equal(hex(type.encode(value)), hex(expected));
      assert.deepEqual(type.decode(expected), wrapper.decode(expected).value);
      assert.deepEqual(type.decode(type.encode(value)), value);
    }),
  );
}

describe("the built-in types, against StateFun's messages", () => {
  it("write and read the same bools", () => {
    holdAgainst(types.bool, BooleanWrapper, fc.boolean());
  });

  it("write and read the same ints", () => {
    holdAgainst(types.int, IntWrapper, fc.integer());
  });

  it("write and read the same longs that are safe integers", () => {
    holdAgainst(types.safeLong, LongWrapper, fc.maxSafeInteger());
  });

  it("write and read the same floats", () => {
    // The generated code leaves out -0 as it does 0; other languages write it.
    const values = fc.float().filter((value) => !Object.is(value, -0));
    holdAgainst(types.float, FloatWrapper, values);
  });

  it("write and read the same doubles", () => {
    const values = fc.double().filter((value) => !Object.is(value, -0));
    holdAgainst(types.double, DoubleWrapper, values);
  });

  it("write and read the same strings", () => {
    holdAgainst(types.string, StringWrapper, fc.string({ unit: "grapheme" }));
  });

  it("write a long as its 64 bits in two's complement, the lowest byte first", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const digits = BigInt.asUintN(64, value).toString(16).padStart(16, "0");
        const reversed = digits.match(/../g)?.reverse().join("") ?? "";
        const expected = value === 0n ? "" : `09${reversed}`;
        assert.equal(hex(types.long.encode(value)), expected);
        assert.equal(types.long.decode(Buffer.from(expected, "hex")), value);
      }),
    );
  });
});
