import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import { SendStreamResponse } from "@statewire/protos/statewire/v1/ingress.js";
import fc from "fast-check";
import { AcknowledgementEncoder } from "./acknowledgement-encoder.js";

// Goal: a client reads what the generated code would have written. Method: random acknowledgements,
// byte for byte.

const acknowledgement = fc.record({
  index: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  duplicate: fc.boolean(),
  code: fc.constantFrom(0, 3, 200),
  error: fc.oneof(fc.constant(""), unicodeText(), fc.constant("x".repeat(300))),
});

describe("the encoder of acknowledgements", () => {
  it("writes what the generated code writes", () => {
    const encoder = new AcknowledgementEncoder();
    fc.assert(
      fc.property(fc.array(acknowledgement, { maxLength: 50 }), (acknowledgements) => {
        const expected = Buffer.from(SendStreamResponse.encode({ acknowledgements }).finish());
        assert.deepEqual(encoder.encode({ acknowledgements }), expected);
      }),
      { numRuns: 200 },
    );
  });
});
