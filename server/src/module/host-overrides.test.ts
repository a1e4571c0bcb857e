import assert from "node:assert/strict";
import { overrideAddress, parseHostOverride } from "./host-overrides.js";

describe("an override of a host", () => {
  const valid: [string, string, string, number | null][] = [
    ["functions=127.0.0.1", "functions", "127.0.0.1", null],
    ["Greeter-Functions=localhost", "greeter-functions", "localhost", null],
    ["a.example.com=10.0.0.7:9000", "a.example.com", "10.0.0.7", 9000],
    ["functions=::1", "functions", "::1", null],
    ["functions=[::1]", "functions", "::1", null],
    ["functions=[::1]:9000", "functions", "::1", 9000],
  ];
  for (const [text, host, address, port] of valid) {
    it(`is ${text}`, () => {
      assert.deepEqual(parseHostOverride(text), { host, address, port });
    });
  }

  for (const text of [
    "",
    "functions",
    "functions=",
    "=127.0.0.1",
    "a b=c",
    "a=b c",
    "a=b:0",
    "a=b:70000",
    "a:1=b",
    "[::1]=b",
  ]) {
    it(`is not "${text}"`, () => {
      assert.equal(parseHostOverride(text), undefined);
    });
  }

  it("says where an address is in truth, with its own port or another one", () => {
    const overrides = new Map(
      ["functions=127.0.0.1", "six=::1", "moved=localhost:9000"].map((text) => {
        const override = parseHostOverride(text);
        assert.ok(override !== undefined);
        return [override.host, override];
      }),
    );
    assert.equal(overrideAddress(overrides, "functions:8000"), "127.0.0.1:8000");
    assert.equal(overrideAddress(overrides, "FUNCTIONS:8000"), "127.0.0.1:8000");
    assert.equal(overrideAddress(overrides, "six:8000"), "[::1]:8000");
    assert.equal(overrideAddress(overrides, "moved:8000"), "localhost:9000");
    assert.equal(overrideAddress(overrides, "other:8000"), undefined);
    assert.equal(overrideAddress(overrides, "unix:/functions"), undefined);
  });
});
