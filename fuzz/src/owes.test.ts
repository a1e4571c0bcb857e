import assert from "node:assert/strict";
import { assertWritten } from "./owes.js";

// Goal: what an engine says of a mistake is known, and what people wrote is not taken for it.

const nothing = undefined as unknown as { readonly field: string };
const notCode = 1 as unknown as () => void;
const endless = (depth: number): number => endless(depth + 1) + 1;

const mistakes = {
  "a field of nothing": () => nothing.field,
  "a call of what cannot be called": () => notCode(),
  "a number that is none": () => BigInt("one"),
  "a function without end": () => endless(0),
};

describe("an error message", () => {
  for (const [name, make] of Object.entries(mistakes)) {
    it(`is the engine's own after ${name}`, () => {
      assert.throws(make, ({ message }: Error) => {
        assert.throws(() => assertWritten(message), assert.AssertionError, message);
        return true;
      });
    });
  }

  it("may say that something is not a function type", () => {
    assertWritten('target: "*xample/counter" names a pattern, not a function type');
    assertWritten('"x" is not a function type: expected NAMESPACE/TYPE');
  });
});
