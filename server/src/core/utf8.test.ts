import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import fc from "fast-check";
import { encodeBase64, encodeUtf8 } from "./utf8.js";

// Goal: the same bytes as the platform's own encoders, which the core must do without.

describe("the core's own encoders", () => {
  it("write any text as UTF-8", () => {
    const text = unicodeText();
    fc.assert(
      fc.property(text, (written) => {
        assert.deepEqual(Buffer.from(encodeUtf8(written)), Buffer.from(written, "utf8"));
      }),
    );
  });

  it("write any bytes as base64", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        assert.equal(encodeBase64(bytes), Buffer.from(bytes).toString("base64"));
      }),
    );
  });
});
