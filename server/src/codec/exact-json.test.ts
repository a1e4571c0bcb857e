import assert from "node:assert/strict";
import { formatExactJson, parseExactJson } from "./exact-json.js";

describe("parseExactJson", () => {
  it("an integer that a number cannot hold is a bigint, everything else as in JSON.parse", () => {
    const text = '{"a":[9007199254740993,-12345678901234567890,1.5,1e30,0.1234567890123456]}';
    assert.deepEqual(parseExactJson(text), {
      a: [9007199254740993n, -12345678901234567890n, 1.5, 1e30, 0.1234567890123456],
    });
    assert.equal(parseExactJson("12345678901234567890"), 12345678901234567890n);
    assert.equal(parseExactJson('"1234567890123456789"'), "1234567890123456789");
    assert.equal(parseExactJson("1234567890123456"), 1234567890123456);
  });

  it("text that is not JSON throws", () => {
    assert.throws(() => parseExactJson("{1234567890123456789}"));
  });

  it("a bigint is written with its digits, but not inside an object", () => {
    assert.equal(formatExactJson(12345678901234567890n), "12345678901234567890");
    assert.throws(() => formatExactJson({ a: 12345678901234567890n }), /more digits/);
  });
});
