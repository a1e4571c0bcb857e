import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Forwarder } from "../src/proxy/forwarder.js";
import type { CaseReport } from "../src/report/run-report.js";
import { pathOf } from "../src/report/run-report.js";
import type { RunOptions } from "../src/runner/run-options.js";
import { runSdkSuites } from "../src/runner/sdk/run-sdk-suites.js";
import { FunctionServer } from "../src/subject/function-server.js";
import { loadSdkSuites } from "../src/suite/load-suites.js";
import type { Mutant } from "./mutants/mutant.js";
import { mutantTap } from "./mutants/mutant-tap.js";
import { serverMutants } from "./mutants/server-mutants.js";

// Goal: a case that passes says something. Method: function servers with one bug each, every one of
// which the cases named for it have to catch, while the correct server passes them.

const command = [
  process.execPath,
  fileURLToPath(new URL("../../subjects/sdk-ts/dist/src/main.js", import.meta.url)),
];

/** One correct server for all mutants; a case that ends it has it started again. */
let correct: FunctionServer | undefined;

async function startCorrect(): Promise<FunctionServer> {
  if (correct === undefined || correct.process.isEnding) {
    correct = await FunctionServer.start(command);
  }
  return correct;
}

/** Stands in front of the correct server, and adds the mutant's bug. */
function behind(mutant: Mutant): Pick<RunOptions<FunctionServer>, "start" | "stop"> {
  let forwarder: Forwarder | undefined;
  return {
    start: async () => {
      const server = await startCorrect();
      forwarder = new Forwarder(server.address, mutantTap(mutant));
      const port = await forwarder.listen("127.0.0.1:0");
      return new FunctionServer(`127.0.0.1:${port}`, server.process);
    },
    stop: async (server) => {
      server.disconnect();
      forwarder?.close();
    },
  };
}

function run(
  parts: Pick<RunOptions<FunctionServer>, "start" | "stop">,
  paths: ReadonlySet<string>,
) {
  return runSdkSuites({
    ...parts,
    suites: loadSdkSuites(),
    declared: new Set(["leases", "lazy-state", "wildcard", "limits", "discover"]),
    selects: (path) => paths.has(path),
    level: "recovery",
    onCase: () => undefined,
  });
}

function failed(cases: readonly CaseReport[], paths: ReadonlySet<string>): string[] {
  return cases.filter((each) => paths.has(pathOf(each)) && each.outcome === "failed").map(pathOf);
}

describe("the kit's own test of function servers", () => {
  after(async () => correct?.stop());

  for (const { about, caughtBy, ...mutant } of Object.values(serverMutants)) {
    it(`catches a server that ${about}`, async function () {
      this.timeout(120_000);
      const paths = new Set(caughtBy);
      const { cases } = await run(behind({ about, caughtBy, ...mutant }), paths);
      assert.deepEqual(failed(cases, paths).sort(), [...caughtBy].sort());
    });
  }

  it("passes the correct server in every case that catches a mutant", async function () {
    this.timeout(180_000);
    const paths = new Set(Object.values(serverMutants).flatMap(({ caughtBy }) => caughtBy));
    const stop = async () => undefined;
    const { cases } = await run({ start: startCorrect, stop }, paths);
    const reasons = cases.filter(({ outcome }) => outcome !== "passed");
    assert.deepEqual(
      reasons.map((each) => `${pathOf(each)}: ${each.reason}`),
      [],
    );
    assert.equal(cases.length, paths.size + 1, "every case that is named exists");
  });
});
