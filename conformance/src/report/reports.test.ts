import assert from "node:assert/strict";
import type { Clause } from "../protocol/clauses.js";
import { badge } from "./badge.js";
import { explainCase } from "./console-report.js";
import { htmlMatrix } from "./html-matrix.js";
import { junitReport } from "./junit-report.js";
import { applyKnownFailing, parseKnownFailing } from "./known-failing.js";
import type { CaseReport, RunReport } from "./run-report.js";

const passed: CaseReport = {
  suite: "state",
  name: "tells <nothing> from zero bytes",
  clauses: ["STATE-2"],
  level: "MUST",
  outcome: "passed",
  reason: "",
  step: 0,
  durationMs: 12,
  trace: [],
};
const failed: CaseReport = {
  ...passed,
  name: "ends </script> & stays",
  outcome: "failed",
  reason: 'expected "a", received "\u0000</script>"',
  step: 3,
  trace: [{ atMs: 1.5, stream: "one", direction: "sent", what: { hello: { versions: [1] } } }],
};
const clauses = new Map<string, Clause>([
  ["STATE-2", { id: "STATE-2", level: "MUST", text: "Both sides MUST keep apart" }],
]);

function runOf(name: string, cases: readonly CaseReport[]): RunReport {
  return {
    format: 1,
    kitVersion: "0.1.0",
    protocolVersion: 1,
    subject: { name, role: "sdk", features: ["leases"], level: "core" },
    startedAt: "2026-01-02T03:04:05.000Z",
    cases,
  };
}

describe("reports", () => {
  it("put implementations side by side, with what belongs to each cell", () => {
    const page = htmlMatrix(
      [runOf("one", [passed, failed]), runOf("two & more", [passed])],
      clauses,
    );
    assert.match(page, /two &amp; more/);
    assert.equal(page.match(/<\/script>/g)?.length, 2, "no text ends the script");
    const json =
      /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? "";
    const data = JSON.parse(json) as {
      cells: { [key: string]: { reason: string } };
      clauses: object;
    };
    assert.deepEqual(Object.keys(data.cells), [
      "0/state/tells <nothing> from zero bytes",
      "0/state/ends </script> & stays",
      "1/state/tells <nothing> from zero bytes",
    ]);
    assert.equal(data.cells["0/state/ends </script> & stays"]?.reason, failed.reason);
    assert.deepEqual(data.clauses, { "STATE-2": "Both sides MUST keep apart" });
  });

  it("name the clause, the step and the frames of a failure", () => {
    const text = explainCase(failed, clauses);
    assert.match(text, /\[STATE-2\] Both sides MUST keep apart/);
    assert.match(text, /step 3: .*expected "a"/);
    assert.match(text, /1\.5 ms {2}one -> \{"hello":\{"versions":\[1\]\}\}/);
  });

  it("are JUnit's XML without control characters", () => {
    const xml = junitReport(runOf("one", [passed, failed]));
    assert.match(xml, /<testsuite name="state" tests="2">/);
    assert.match(xml, /failures="1"/);
    assert.ok(!xml.includes("\u0000"));
  });

  it("count in the badge what was asked for", () => {
    const skipped: CaseReport = { ...passed, outcome: "not applicable", reason: "needs leases" };
    assert.match(badge(runOf("one", [passed, skipped])), />1\/1</);
    assert.match(badge(runOf("one", [passed, failed])), /#b3261e/);
  });

  it("let a known failure fail, and no listed case pass", () => {
    const known = parseKnownFailing("# list\nstate/ends </script> & stays # a bug of ours\n");
    assert.equal(applyKnownFailing(failed, known).outcome, "known failure");
    const now: CaseReport = { ...failed, outcome: "passed" };
    assert.equal(applyKnownFailing(now, known).outcome, "unexpected pass");
    assert.throws(() => parseKnownFailing("state/x\n"), /line 1: "state\/x" has no "# reason"/);
  });
});
