/*
 * Goal: a value of a built-in type is the same bytes whoever writes it: the SDK, StateFun's official one
 * for JavaScript, or the runtime out of the JSON of a file, a request or the command line. Method: random values go both ways; what fails is shrunk
 * and printed with its seed.
 */
import assert from "node:assert/strict";
import { types } from "@statewire/sdk";
import { StateFun } from "apache-flink-statefun";
import fc from "fast-check";
import { encodeBuiltIn, formatBuiltIn } from "../src/codec/built-in-value.js";

interface OfficialType {
  readonly typename: string;
  serialize(value: unknown): Buffer;
  deserialize(bytes: Buffer): unknown;
}

interface SdkType<T> {
  readonly typename: string;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString("hex");

/** What JSON has no number for is a string there. */
function toJson(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "number") return JSON.stringify(value);
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Those of StateFun's official SDK; it has no long and no double. */
const official = new Map<string, OfficialType>(
  [StateFun.booleanType(), StateFun.intType(), StateFun.floatType(), StateFun.stringType()].map(
    (type) => [type.typename, type],
  ),
);

const cases: [string, SdkType<never>, fc.Arbitrary<unknown>][] = [
  ["bool", types.bool, fc.boolean()],
  ["int", types.int, fc.integer()],
  ["long", types.long, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ["float", types.float, fc.float()],
  ["double", types.double, fc.double()],
  ["string", types.string, fc.string({ unit: "grapheme" })],
].map(([name, type, values]) => [name, type, values] as (typeof cases)[number]);

describe("the built-in types of the SDK and of the runtime", () => {
  for (const [name, type, values] of cases) {
    it(`are the same bytes for every ${name}`, () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = type.encode(value as never);
          assert.equal(hex(encodeBuiltIn(type.typename, toJson(value))), hex(bytes));
          const json = formatBuiltIn(type.typename, bytes);
          assert.ok(json !== undefined);
          assert.equal(hex(encodeBuiltIn(type.typename, json)), hex(bytes));
          assert.deepEqual(type.decode(bytes), value);
          const foreign = official.get(type.typename);
          // It knows no -0, and writes another one of the many NaN.
          if (foreign === undefined || Object.is(value, -0)) return;
          assert.deepEqual(foreign.deserialize(Buffer.from(bytes)), value);
          if (Number.isNaN(value)) return;
          assert.equal(hex(foreign.serialize(value)), hex(bytes));
        }),
      );
    });
  }
});
