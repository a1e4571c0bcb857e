import assert from "node:assert/strict";
import { formatProblem, ModuleError } from "./module-problem.js";
import { parseModule } from "./parse-module.js";

const parse = (text: string) => parseModule([{ file: "m.yaml", text }]).module;

function problemsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ModuleError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

const ingress = "kind: io.statefun.playground.v1/ingress\nspec:\n  port: 8090\n";
const egress =
  "kind: io.statefun.playground.v1/egress\nspec:\n  port: 8091\n  topics:\n    - greetings\n    - others\n";

describe("the kinds of StateFun's playground", () => {
  it("have a port, topics, and names of their own", () => {
    const { ingresses, egresses } = parse(`${ingress}---\n${egress}`);
    const source = { file: "m.yaml", column: 7 };
    assert.deepEqual(ingresses, [
      {
        kind: "io.statefun.playground.v1/ingress",
        id: "io.statefun.playground/ingress",
        port: 8090,
        source: { ...source, line: 1 },
      },
    ]);
    assert.deepEqual(egresses, [
      {
        kind: "io.statefun.playground.v1/egress",
        id: "io.statefun.playground/egress",
        port: 8091,
        topics: ["greetings", "others"],
        waitFor: "local",
        source: { ...source, line: 5 },
      },
    ]);
  });

  const wrong: [string, string, RegExp][] = [
    [
      "a second ingress",
      `${ingress}---\n${ingress.replace("8090", "8092")}`,
      /^m.yaml:5:1: ingress io.statefun.playground\/ingress is already bound at m.yaml:2:1$|already bound/,
    ],
    [
      "a port twice",
      `${ingress}---\n${egress.replace("8091", "8090")}`,
      /port 8090 is already bound/,
    ],
    ["no port", "kind: io.statefun.playground.v1/ingress\nspec: {}\n", /spec.port is missing/],
    ["a port that is none", ingress.replace("8090", "80900"), /80900: expected a whole number/],
    [
      "no topics",
      "kind: io.statefun.playground.v1/egress\nspec: {port: 1, topics: []}\n",
      /spec.topics is an empty list/,
    ],
    ["a topic twice", egress.replace("others", "greetings"), /"greetings" for the second time/],
    [
      "dead letters for it",
      `${egress}---
kind: statewire.endpoints.v1/grpc
spec:
  functions: a/*
  address: localhost:1
  retry: {whenExhausted: drop-to-egress, deadLetterEgress: io.statefun.playground/egress}
`,
      /deadLetterEgress names no egress of the module/,
    ],
  ];
  for (const [what, text, message] of wrong) {
    it(`refuse ${what}`, () => {
      const [problem = "", ...others] = problemsOf(text);
      assert.match(problem, message);
      assert.deepEqual(others, []);
    });
  }
});
