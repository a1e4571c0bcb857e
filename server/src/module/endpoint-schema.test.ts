import assert from "node:assert/strict";
import { formatProblem, ModuleError } from "./module-problem.js";
import { parseModule } from "./parse-module.js";

const endpoint = (retry: string) => `
kind: statewire.endpoints.v1/grpc
spec:
  functions: a/b
  address: localhost:7500
  retry: {${retry}}
`;

const egress = (keys: string) => `
kind: statewire.http.v1/egress
spec: {id: flights/alerts, url: "https://example.com/alerts", ${keys}}
`;

const retryOf = (retry: string) =>
  parseModule([
    { file: "a.yaml", text: endpoint(retry) },
    { file: "b.yaml", text: egress("") },
  ]).module.endpoints[0]?.retry;

function problemsOf(...texts: string[]): string[] {
  const files = texts.map((text, index) => ({ file: `${"abc"[index]}.yaml`, text }));
  try {
    parseModule(files);
  } catch (error) {
    if (error instanceof ModuleError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

describe("what happens to a message that fails for good", () => {
  it("is up to the node's setting unless the endpoint says otherwise", () => {
    assert.equal(retryOf("factor: 3")?.attemptsMax, null);
    assert.equal(retryOf("attempts: 1")?.attemptsMax, 1);
    assert.equal(retryOf("attempts: unlimited")?.attemptsMax, 0);
    assert.equal(retryOf("attempts: 0")?.attemptsMax, 0);
  });

  it("is that its address is parked, or that it goes to an egress of the module", () => {
    assert.equal(retryOf("whenExhausted: park")?.deadLetterEgress, null);
    const retry = retryOf("whenExhausted: drop-to-egress, deadLetterEgress: flights/alerts");
    assert.equal(retry?.deadLetterEgress, "flights/alerts");
  });

  it("is no matter of egresses, which try without end", () => {
    const [problem] = problemsOf(egress("retry: {attempts: 3}"));
    assert.match(problem ?? "", /spec.retry has the unknown key "attempts"/);
  });

  it("names an egress that may be in another file", () => {
    const dead = "whenExhausted: drop-to-egress, deadLetterEgress: flights/alerts";
    assert.deepEqual(problemsOf(endpoint(dead), egress("")), []);
  });

  it("is not looked for while the module cannot be read", () => {
    const dead = "whenExhausted: drop-to-egress, deadLetterEgress: flights/alerts";
    const problems = problemsOf(endpoint(dead), egress("tries: 1"));
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /unknown key "tries"/);
  });

  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    [
      "attempts that are no number",
      [endpoint("attempts: many")],
      'a.yaml:6:21: spec.retry.attempts is "many": expected a whole number from 1 to 1000000, or "unlimited"',
    ],
    [
      "half a message to an egress",
      [endpoint("whenExhausted: drop-to-egress")],
      'a.yaml:6:10: spec.retry.deadLetterEgress is missing: expected "namespace/name"',
    ],
    [
      "an egress for messages that are parked",
      [endpoint("deadLetterEgress: x/dead")],
      "a.yaml:6:29: spec.retry.deadLetterEgress is of no use: expected whenExhausted: drop-to-egress",
    ],
    [
      "an egress for failed messages that the module lacks",
      [endpoint("whenExhausted: drop-to-egress, deadLetterEgress: flights/alert"), egress("")],
      'a.yaml:6:60: spec.retry.deadLetterEgress names no egress of the module: flights/alert; did you mean "flights/alerts"?',
    ],
    [
      "an egress for failed messages in a module without any",
      [endpoint("whenExhausted: drop-to-egress, deadLetterEgress: x/dead")],
      "a.yaml:6:60: spec.retry.deadLetterEgress names no egress of the module: x/dead; the module has none",
    ],
  ];
  for (const [name, texts, expected] of wrong) {
    it(`is refused for ${name}`, () => {
      const problems = problemsOf(...texts);
      assert.equal(problems.length, 1);
      assert.ok(problems[0]?.startsWith(expected), problems[0]);
    });
  }
});
