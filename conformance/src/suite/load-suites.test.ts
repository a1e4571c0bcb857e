import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readClauses } from "../protocol/clauses.js";
import { suiteJsonSchema } from "./json-schema.js";
import { loadRuntimeSuites, loadSdkSuites, parseSuite, SuiteError } from "./load-suites.js";
import { sdkSuite } from "./sdk-schema.js";

// Goal: the suites say what the protocol says. Method: compare every id that a case cites with
// PROTOCOL.md, both ways.

describe("the suites", () => {
  const suites = [...loadSdkSuites(), ...loadRuntimeSuites()];
  const cases = suites.flatMap((suite) => suite.cases.map((each) => ({ suite, ...each })));
  const clauses = readClauses();
  const cited = new Set(cases.flatMap((each) => each.clauses));

  it("cite clauses that exist", () => {
    assert.deepEqual(
      [...cited].filter((id) => !clauses.has(id)),
      [],
    );
  });

  it("cite every MUST and SHOULD of the protocol", () => {
    const owed = [...clauses.values()].filter(({ level }) => level !== "MAY").map(({ id }) => id);
    assert.deepEqual(
      owed.filter((id) => !cited.has(id)),
      [],
    );
  });

  it("have the published schema", () => {
    for (const subject of ["sdk", "runtime"] as const) {
      const file = new URL(`../../../suites/${subject}.schema.json`, import.meta.url);
      // npx statewire-conformance schema SUBJECT > suites/SUBJECT.schema.json
      assert.deepEqual(
        JSON.parse(readFileSync(file, "utf8")),
        JSON.parse(suiteJsonSchema(subject)),
      );
    }
  });

  it("ask for restarts at level recovery only", () => {
    const restarts = loadRuntimeSuites().flatMap(({ tier, cases: own }) => {
      return own
        .filter(({ steps }) => steps.some((step) => "restart" in step))
        .map((each) => each.tier ?? tier);
    });
    assert.deepEqual([...new Set(restarts)], ["recovery"]);
  });

  it("name their cases apart", () => {
    const paths = cases.map(({ suite, name }) => `${suite.subject}/${suite.suite}/${name}`);
    assert.deepEqual(
      paths.filter((path, at) => paths.indexOf(path) !== at),
      [],
    );
  });

  it("are refused with file and field when they are not as the schema says", () => {
    const text =
      "suite: s\nsubject: sdk\nabout: a\ncases:\n  - name: n\n    clauses: [nonsense]\n    steps: []\n";
    assert.throws(
      () => parseSuite(sdkSuite, text, "x.yaml"),
      (error: unknown) => {
        assert.ok(error instanceof SuiteError);
        assert.match(
          error.message,
          /x\.yaml[\s\S]*cases\[0\]\.steps[\s\S]*cases\[0\]\.clauses\[0\]/,
        );
        return true;
      },
    );
  });
});
