import assert from "node:assert/strict";
import { address, formatAddress } from "./address.js";
import { egress } from "./egress.js";
import { functionReference, statefulFunction } from "./function.js";
import { state } from "./state.js";
import { types } from "./types.js";

const invalid = { name: "StatewireError", code: "invalid-declaration" };

describe("statefulFunction", () => {
  const declare = (typeName: string, more: object = {}) =>
    statefulFunction(typeName, { handle: () => undefined, ...more });

  it("builds addresses, for a wildcard with the type in front", () => {
    assert.deepEqual(declare("shop/cart").at("a/b"), {
      namespace: "shop",
      type: "cart",
      id: "a/b",
      accepts: undefined,
    });
    const jobs = statefulFunction("jobs/*", { handle: () => undefined });
    assert.equal(formatAddress(jobs.at("mail", "7")), "jobs/mail/7");
    assert.throws(() => jobs.at("a/b", "7"), invalid);
  });

  it("refuses names, states and limits that the protocol refuses", () => {
    for (const name of ["cart", "/cart", "shop/", "shop/a/b", "", `${"x".repeat(256)}/cart`]) {
      assert.throws(() => declare(name), invalid, name);
      assert.throws(() => address(name, "a"), invalid, name);
      assert.throws(() => egress(name), invalid, name);
      assert.throws(() => functionReference(name), invalid, name);
    }
    assert.throws(() => declare("shop/cart", { states: { "": state(types.int) } }), invalid);
    assert.throws(() => declare("shop/cart", { batchMax: 0 }), invalid);
    assert.throws(() => declare("shop/cart", { inFlightMax: 1.5 }), invalid);
  });
});

describe("state", () => {
  it("refuses to expire never, or in two ways", () => {
    assert.throws(() => state(types.int, { expireAfterWriteMs: 0 }), invalid);
    assert.throws(() => state(types.int, { expireAfterInvocationMs: Number.NaN }), invalid);
    assert.throws(
      () => state(types.int, { expireAfterWriteMs: 1, expireAfterInvocationMs: 1 }),
      invalid,
    );
  });
});
