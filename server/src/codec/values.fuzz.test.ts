import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations, textMutations } from "@statewire/fuzz/mutation.js";
import { decodeOwing } from "@statewire/fuzz/owes.js";
import fc from "fast-check";
import { encodeBuiltIn, formatBuiltIn } from "./built-in-value.js";
import { formatExactJson, InexactJsonError, parseExactJson } from "./exact-json.js";
import { formatTypedValue, formatValueMembers, plainValue } from "./typed-value-text.js";

// Goal: any bytes under any typename have a form for people, and what has a form as JSON comes back
// from it. Method: encoded values with changed bytes, JSON with changed characters.

const kinds = ["bool", "int", "long", "float", "double", "string"] as const;
const examples = ["true", "-7", "9223372036854775807", "0.1", "1e300", '"é\\u0000"', "0", '""'];
const typenames = kinds.map((kind) => `io.statefun.types/${kind}`);
const encoded = typenames.flatMap((typename) =>
  examples.flatMap((json) => encodeBuiltIn(typename, json) ?? []),
);
const never = (): boolean => false;

const typename = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...typenames) },
  fc.constantFrom("application/json", "type.googleapis.com/x.Y", ""),
);
const nested = 20_000;
const changed = textMutations(
  ['{"id":12345678901234567890,"list":[1.5,-0,"é"],"deep":{"a":[[]]}}', ...examples],
  ["{", "}", "[", "]", ",", ":", '"', "\\", "12345678901234567890", "1e999", "__proto__", "\ud800"],
);
const bombs = fc.constantFrom(
  "[".repeat(nested),
  `${"[".repeat(nested)}12345678901234567890${"]".repeat(nested)}`,
  `${'{"a":'.repeat(nested)}12345678901234567890${"}".repeat(nested)}`,
  "9".repeat(100_000),
  `"${"\\".repeat(100_001)}"`,
);
const documents = fc.oneof({ weight: 40, arbitrary: changed }, { weight: 1, arbitrary: bombs });

describe("values, of any bytes", () => {
  fuzz(
    "values: bytes",
    fc.property(typename, mutations(encoded), (name, value) => {
      const { length } = value;
      const json = decodeOwing(length, () => formatBuiltIn(name, value), never);
      if (json !== undefined) {
        const again = encodeBuiltIn(name, json);
        assert.ok(again !== undefined, `${name} ${json}`);
        assert.equal(formatBuiltIn(name, again), json);
        // NaN has many bytes, and one form.
        JSON.parse(json);
      }
      const typed = { typename: name, value };
      decodeOwing(length, () => formatTypedValue(typed), never);
      decodeOwing(length, () => plainValue(typed), never);
      const members = decodeOwing(length, () => formatValueMembers(typed), never);
      JSON.parse(`{${members}}`);
    }),
    { inputs: 1500 },
  );

  fuzz(
    "values: JSON",
    fc.property(documents, (text) => {
      const value = decodeOwing(text.length, () => parseExactJson(text), isSyntaxError);
      if (value === undefined) return;
      const formatted = decodeOwing(text.length, () => formatExactJson(value), isExactError);
      // A real number of so many digits is an integer when it is read again.
      if (formatted !== undefined && !/\d{16}/.test(formatted)) {
        // The text and not the value: JSON has no form for -0.
        assert.equal(formatExactJson(parseExactJson(formatted)), formatted);
      }
      for (const name of typenames) {
        const bytes = decodeOwing(text.length, () => encodeBuiltIn(name, text), never);
        if (bytes !== undefined) assert.notEqual(formatBuiltIn(name, bytes), undefined);
      }
    }),
    { inputs: 800 },
  );
});

function isSyntaxError(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof InexactJsonError;
}

function isExactError(error: unknown): boolean {
  return error instanceof InexactJsonError;
}
