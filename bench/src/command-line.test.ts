import assert from "node:assert/strict";
import { parseCommandLine, UsageError } from "./command-line.js";

describe("command line of the benchmark", () => {
  it("measures everything three times for five seconds when nothing is said", () => {
    const run = parseCommandLine([]);
    assert.ok(run.kind === "run");
    assert.deepEqual([run.names, run.seconds, run.rounds, run.peers], [[], 5, 3, false]);
  });

  it("lets a number that is given win over what --quick would choose", () => {
    const run = parseCommandLine(["throughput", "--quick", "--rounds", "7"]);
    assert.ok(run.kind === "run");
    assert.deepEqual([run.names, run.seconds, run.rounds], [["throughput"], 1, 7]);
  });

  for (const wrong of [["--seconds", "0"], ["--seconds", "x"], ["--rounds", "101"], ["--fast"]]) {
    it(`refuses ${wrong.join(" ")}`, () => {
      assert.throws(() => parseCommandLine(wrong), UsageError);
    });
  }
});
