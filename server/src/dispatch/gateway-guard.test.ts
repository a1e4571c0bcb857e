// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of secrets.
import assert from "node:assert/strict";
import { endpointSpec } from "../../test/support/process-dispatcher.js";
import type { GrpcEndpointSpec } from "../module/module.js";
import { parseSecretText } from "../module/secret-text.js";
import { forbidden, GatewayGuard } from "./gateway-guard.js";

function dialIn(authorization: string | null, ...functions: string[]): GrpcEndpointSpec {
  const secret = authorization === null ? null : parseSecretText(authorization, (path) => path);
  assert.notEqual(secret, undefined);
  return { ...endpointSpec("", ...functions), addresses: [], authorization: secret ?? null };
}

describe("GatewayGuard", () => {
  before(() => {
    process.env["GUARD_TEST_A"] = "Bearer a";
    process.env["GUARD_TEST_B"] = "Bearer b";
  });
  after(() => {
    delete process.env["GUARD_TEST_A"];
    delete process.env["GUARD_TEST_B"];
  });

  it("lets anybody offer anything where no endpoint names an authorization", () => {
    const dialled = { ...endpointSpec("a:1"), authorization: dialIn("${X}").authorization };
    for (const specs of [[], [dialIn(null, "shop/*")], [dialled]]) {
      const admission = new GatewayGuard(specs).admit([]);
      assert.deepEqual(admission, { kind: "known", functions: null });
      assert.deepEqual(forbidden(admission, ["any/thing"]), []);
    }
  });

  it("lets a peer offer what its own authorization is for, and what is for everybody", () => {
    const guard = new GatewayGuard([
      dialIn("${GUARD_TEST_A}", "shop/*"),
      dialIn("${GUARD_TEST_B}", "mail/greeter", "mail/sender"),
      dialIn(null, "open/echo"),
    ]);
    const offered = ["shop/*", "shop/cart", "mail/greeter", "mail/*", "open/echo"];
    assert.deepEqual(forbidden(guard.admit(["Bearer a"]), offered), ["mail/greeter", "mail/*"]);
    assert.deepEqual(forbidden(guard.admit(["Bearer b"]), offered), [
      "shop/*",
      "shop/cart",
      "mail/*",
    ]);
    assert.deepEqual(forbidden(guard.admit([]), offered), offered.slice(0, -1));
  });

  it("knows nobody who sends none, another one, or two", () => {
    const guard = new GatewayGuard([dialIn("${GUARD_TEST_A}", "shop/*")]);
    for (const sent of [[], ["Bearer b"], ["Bearer a "], ["bearer a"], ["Bearer a", "Bearer a"]]) {
      assert.deepEqual(guard.admit(sent), { kind: "unknown" });
    }
  });

  it("names the reference of a secret that is not there", () => {
    const guard = new GatewayGuard([dialIn("Bearer ${GUARD_TEST_NONE}", "shop/*")]);
    assert.throws(() => guard.admit(["Bearer "]), /GUARD_TEST_NONE is not set/);
  });
});
