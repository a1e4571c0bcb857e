import assert from "node:assert/strict";
import { ModuleError } from "./module-problem.js";
import { parseModule } from "./parse-module.js";

function parse(...lines: string[]) {
  const head = "kind: statewire.endpoints.v1/grpc\nspec:\n  ";
  const text = `${head}${lines.join("\n  ")}`;
  const { module, warnings } = parseModule([{ file: "a.yaml", text }]);
  assert.deepEqual(warnings, []);
  const [endpoint] = module.endpoints;
  assert.ok(endpoint?.kind === "statewire.endpoints.v1/grpc");
  return endpoint;
}

describe("an endpoint whose function servers dial in", () => {
  it("has no addresses, and policies like any other", () => {
    const endpoint = parse("functions: a/*", "dialIn: true", "timeout: 2 sec", "maxBatch: 7");
    assert.deepEqual(endpoint.addresses, []);
    assert.deepEqual([endpoint.timeoutMs, endpoint.batchMax], [2000, 7]);
  });

  const wrong: readonly (readonly [string[], string])[] = [
    [["dialIn: false"], "a.yaml:3:3: spec lacks address: expected "],
    [["dialIn: yes please"], 'a.yaml:4:11: spec.dialIn is "yes please": expected true or false'],
    [
      ["dialIn: true", "address: a:1"],
      "a.yaml:3:3: spec has both address and dialIn: expected one of them",
    ],
    [
      ["dialIn: true", "addresses: [a:1]"],
      "a.yaml:3:3: spec has both addresses and dialIn: expected one of them",
    ],
    [
      ["dialIn: true", "tls: {}"],
      "a.yaml:5:8: spec.tls is of no use with dialIn: true, since the runtime dials nobody",
    ],
  ];
  for (const [lines, message] of wrong) {
    it(`is refused with ${lines.join(", ")}`, () => {
      assert.throws(
        () => parse("functions: a/*", ...lines),
        (error) => error instanceof ModuleError && error.message.startsWith(message),
      );
    });
  }
});
