import assert from "node:assert/strict";
import { HttpResponseScanner } from "./http-response-scanner.js";

const sized = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
const chunked = Buffer.from(
  "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
);

function scanBytewise(response: Buffer): readonly (number | undefined)[] {
  const scanner = new HttpResponseScanner();
  return [...response].map((byte) => scanner.push(Buffer.of(byte)));
}

describe("HTTP response scanner", () => {
  for (const [form, response, status] of [
    ["a body with a length", sized, 200],
    ["a chunked body", chunked, 503],
    ["no body", Buffer.from("HTTP/1.1 204 No Content\r\ndate: now\r\n\r\n"), 204],
  ] as const) {
    it(`finds the end of a response with ${form} at its last byte and not before`, () => {
      const found = scanBytewise(response);
      assert.equal(found.at(-1), status);
      assert.ok(found.slice(0, -1).every((one) => one === undefined));
    });
  }

  it("keeps nothing of the bytes that it was given", () => {
    const scanner = new HttpResponseScanner();
    const buffer = Buffer.from(sized.subarray(0, 20));
    assert.equal(scanner.push(buffer), undefined);
    buffer.fill(0);
    assert.equal(scanner.push(sized.subarray(20)), 200);
  });

  it("starts anew after a response", () => {
    const scanner = new HttpResponseScanner();
    assert.equal(scanner.push(sized), 200);
    assert.equal(scanner.push(sized.subarray(0, 20)), undefined);
    assert.equal(scanner.push(sized.subarray(20)), 200);
  });
});
