import assert from "node:assert/strict";
import { formatProblem, ModuleError } from "../module-problem.js";
import { parseModule } from "../parse-module.js";

// Goal: StateFun 3.0's format of one document means what its components mean in today's, and its errors stand
// where they are written.

const text = `version: "3.0"
module:
  meta:
    type: remote
  spec:
    endpoints:
      - endpoint:
          meta:
            kind: http
          spec:
            functions: example/*
            urlPathTemplate: http://functions:8000/statefun
            timeouts: {call: 2min}
      - endpoint:
          meta: {kind: io.statefun.endpoints.v2/http}
          spec: {functions: other/f, urlPathTemplate: "http://other"}
    ingresses:
      - ingress:
          meta: {type: io.statefun.kafka/ingress, id: example/in}
          spec:
            topics: [{topic: t, valueType: x/y, targets: [example/f]}]
    egresses:
      - egress:
          meta: {type: io.statefun.kinesis/egress, id: example/out}
          spec: {}
`;

function problemsOf(written: string): string[] {
  try {
    parseModule([{ file: "m.yaml", text: written }]);
  } catch (error) {
    if (error instanceof ModuleError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

describe("a module of StateFun 3.0", () => {
  it("has its endpoints, ingresses and egresses", () => {
    const { module } = parseModule([{ file: "m.yaml", text }]);
    assert.deepEqual(
      module.endpoints.map(({ kind, functions, source }) => [kind, functions, source.line]),
      [
        ["io.statefun.endpoints.v1/http", ["example/*"], 9],
        ["io.statefun.endpoints.v2/http", ["other/f"], 15],
      ],
    );
    const [first] = module.endpoints;
    assert.equal("transport" in (first ?? {}), true);
    assert.ok(first !== undefined && "transport" in first);
    assert.equal(first.transport.callTimeoutMs, 120_000);
    assert.deepEqual(
      module.connectors.map(({ kind, id }) => [kind, id]),
      [
        ["io.statefun.kafka.v1/ingress", "example/in"],
        ["io.statefun.kinesis.v1/egress", "example/out"],
      ],
    );
  });

  const wrong: readonly (readonly [string, (written: string) => string, string])[] = [
    [
      "a spec",
      (written) => written.replace("functions: example/*", "functions: example"),
      'm.yaml:11:24: module.spec.endpoints[0].endpoint.spec.functions is "example": expected "namespace/type" or "namespace/*"',
    ],
    [
      "an id",
      (written) => written.replace("id: example/in", "id: example"),
      'm.yaml:19:55: module.spec.ingresses[0].ingress.meta.id is "example": expected "namespace/name"',
    ],
    [
      "a version",
      (written) => written.replace("3.0", "2.0"),
      'm.yaml:1:10: version is "2.0": expected "3.0"; newer modules are documents of {kind, spec}',
    ],
    [
      "a type of module",
      (written) => written.replace("type: remote", "type: embedded"),
      'm.yaml:4:11: module.meta.type is "embedded": expected "remote"',
    ],
    [
      "a list",
      (written) => written.replace(/ingresses:[\s\S]*egresses:/, "ingresses: none\n    egresses:"),
      'm.yaml:17:16: module.spec.ingresses is "none": expected a list',
    ],
  ];
  for (const [what, change, problem] of wrong) {
    it(`is refused with ${what} that is wrong, where it stands`, () => {
      const problems = problemsOf(change(text));
      assert.ok(problems.includes(problem), problems.join("\n"));
    });
  }

  it("is refused with a kind that is unknown", () => {
    const [problem] = problemsOf(text.replace("kind: http", "kind: htpp"));
    assert.match(problem ?? "", /^m.yaml:9:19: kind htpp is unknown/);
  });
});
