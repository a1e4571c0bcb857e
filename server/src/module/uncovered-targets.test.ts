import assert from "node:assert/strict";
import { formatProblem } from "./module-problem.js";
import { parseModule } from "./parse-module.js";

const endpoint = (functions: string) => `
kind: statewire.endpoints.v1/grpc
spec: {functions: ${functions}, address: "localhost:7500"}
`;

const ingress = (functionName: string) => `
kind: statewire.file.v1/ingress
spec:
  id: flights/departures
  path: flights.ndjson
  format: ndjson
  targets:
    - function: ${functionName}
      id: "{origin}"
      valueType: flights/Departure
`;

describe("a target of a file ingress", () => {
  function warningsOf(functionName: string, ...patterns: string[]): string[] {
    const text = [ingress(functionName), ...patterns.map(endpoint)].join("---\n");
    return parseModule([{ file: "a.yaml", text }]).warnings.map(formatProblem);
  }

  const covered: readonly (readonly string[])[] = [
    ["flights/airport", "flights/airport"],
    ["flights/airport", "other/*", "flights/*"],
    ['"flights/{kind}"', "flights/airport"],
    ['"{kind}"', "flights/airport"],
    ['"{kind}/airport"', "flights/airport"],
  ];
  for (const [written = "", ...patterns] of covered) {
    it(`may be ${written} beside ${patterns.join(" and ")}`, () => {
      assert.deepEqual(warningsOf(written, ...patterns), []);
    });
  }

  it("that no endpoint covers is warned of, with its place and the nearest name", () => {
    const waits =
      "the ingress waits until a function server dials in that serves it " +
      "(an endpoint with dialIn: true says that one will)";
    assert.deepEqual(warningsOf("flights/airport", "flights/airprot"), [
      'a.yaml:8:17: spec.targets[0].function is "flights/airport", which no endpoint\'s functions ' +
        `cover (did you mean "flights/airprot"?): ${waits}`,
    ]);
    for (const written of ["flights/airport", '"flights/{kind}"']) {
      const [warning = ""] = warningsOf(written, "other/*", "flightsx/*");
      assert.ok(warning.endsWith(`which no endpoint's functions cover: ${waits}`), warning);
    }
    assert.equal(warningsOf("flights/airport").length, 1, "there is no endpoint at all");
  });
});
