import assert from "node:assert/strict";
import { ModuleError } from "./module-problem.js";
import { parseModule } from "./parse-module.js";

function parse(csv: string, target: string) {
  const text = `kind: statewire.file.v1/ingress
spec:
  id: a/b
  path: a.csv
  format: csv
  csv: ${csv}
  targets:
    - ${target}
`;
  return parseModule([{ file: "a.yaml", text }]).module;
}

const target = '{function: "a/{kind}", id: "{leg.origin}", valueType: a/c, value: "{delay}"}';

describe("the columns of a CSV", () => {
  it("are what targets may name, dots and all", () => {
    assert.equal(parse("{columns: [kind, leg.origin, delay]}", target).ingresses.length, 1);
    assert.equal(parse('{delimiter: ";"}', target).ingresses.length, 1, "the file has them");
  });

  const wrong: readonly (readonly [columns: string, message: string])[] = [
    [
      "[kind, leg.origin]",
      "a.yaml:8:73: spec.targets[0].value names the field delay: expected one of csv.columns: kind, leg.origin",
    ],
    [
      "[kind, leg, delay]",
      "a.yaml:8:34: spec.targets[0].id names the field leg.origin: expected one of csv.columns: kind, leg, delay",
    ],
    ["[kind, delay, kind]", "a.yaml:6:18: spec.csv.columns names kind twice: expected names"],
  ];
  for (const [columns, message] of wrong) {
    it(`are refused as ${columns}`, () => {
      assert.throws(
        () => parse(`{columns: ${columns}}`, target),
        (error) => {
          assert.ok(error instanceof ModuleError);
          assert.ok(error.message.includes(message), error.message);
          return true;
        },
      );
    });
  }
});
