import assert from "node:assert/strict";
import { ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { decodeServerFrame } from "./server-frame.js";

// Goal: what is malformed is refused by its clause. Method: bytes by hand.

function clauseOf(hex: string): string {
  try {
    decodeServerFrame(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  } catch (error) {
    assert.ok(error instanceof ProtocolViolation);
    return error.clause;
  }
  return "";
}

describe("a server's frame", () => {
  it("decodes to what was encoded", () => {
    const frame: ServerFrame = { frame: { $case: "drain", value: { reason: "grüße" } } };
    const bytes = ServerFrame.encode(frame).finish();
    assert.deepEqual(decodeServerFrame(bytes), frame);
  });

  it("is refused when a string is not UTF-8 [FRAME-2]", () => {
    assert.equal(clauseOf("2a 04 0a 02 c3 28"), "FRAME-2");
  });

  it("is refused when it ends within a field [FRAME-2]", () => {
    assert.equal(clauseOf("22 7f 08"), "FRAME-2");
  });

  it("is refused when an integer is above 2^53 - 1 [LIMIT-7]", () => {
    assert.equal(clauseOf("22 0b 08 01 10 80 80 80 80 80 80 80 20"), "LIMIT-7");
  });
});
