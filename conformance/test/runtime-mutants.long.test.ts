import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Forwarder } from "../src/proxy/forwarder.js";
import { type CaseReport, pathOf } from "../src/report/run-report.js";
import type { RunOptions } from "../src/runner/run-options.js";
import { runRuntimeSuites } from "../src/runner/runtime/run-runtime-suites.js";
import { createClient, Runtime } from "../src/subject/runtime.js";
import { loadRuntimeSuites } from "../src/suite/load-suites.js";
import { mutantTap } from "./mutants/mutant-tap.js";
import { runtimeMutants } from "./mutants/runtime-mutants.js";

// Goal: a case that passes says something about a runtime. Method: runtimes with one bug each, every
// one of which the cases named for it have to catch, while the correct runtime passes them.

const folder = fileURLToPath(new URL("../..", import.meta.url));
const correct = [`${folder}/subjects/statewire/run.sh`];
const forgetful = [`${folder}/test/mutants/forgetful.sh`];

/** What a runtime has to fail that acknowledges what it has not made durable. */
const durable = "invocations/loses nothing over kill -9";

/** One correct runtime for all mutants; the port is that of the mutant that stands in front of it. */
let shared: Runtime | undefined;
let port = 0;

async function startShared(): Promise<Runtime> {
  const gateway = () => createClient(`127.0.0.1:${port}`);
  if (shared === undefined || shared.process.exit !== undefined)
    shared = await Runtime.start(correct, { environment: {} }, gateway);
  return shared;
}

async function run(
  prefix: string,
  parts: Pick<RunOptions<Runtime>, "start" | "stop">,
  paths: readonly string[],
): Promise<readonly CaseReport[]> {
  const { cases } = await runRuntimeSuites({
    ...parts,
    prefix,
    suites: loadRuntimeSuites(),
    declared: new Set(["leases", "lazy-state", "parked-list"]),
    selects: (path) => paths.includes(path),
    level: "recovery",
    onCase: () => undefined,
  });
  return cases.slice(1);
}

function outcomes(cases: readonly CaseReport[], outcome: string): string[] {
  return cases
    .filter((each) => each.outcome === outcome)
    .map(pathOf)
    .sort();
}

describe("the kit's own test of runtimes", () => {
  after(async () => shared?.stop());

  for (const [name, mutant] of Object.entries(runtimeMutants)) {
    it(`catches a runtime that ${mutant.about}`, async function () {
      this.timeout(180_000);
      let forwarder: Forwarder | undefined;
      const start = async () => {
        const runtime = await startShared();
        forwarder = new Forwarder(runtime.address, mutantTap(mutant));
        port = await forwarder.listen("127.0.0.1:0");
        return runtime;
      };
      const stop = async () => forwarder?.close();
      const cases = await run(`${name}-`, { start, stop }, mutant.caughtBy);
      assert.deepEqual(outcomes(cases, "failed"), [...mutant.caughtBy].sort());
    });
  }

  it("catches a runtime that acknowledges before it is durable", async function () {
    this.timeout(180_000);
    const start = () => Runtime.start(forgetful);
    const cases = await run("", { start, stop: (runtime) => runtime.stop() }, [durable]);
    assert.deepEqual(outcomes(cases, "failed"), [durable]);
  });

  it("passes the correct runtime in every case that catches a mutant", async function () {
    this.timeout(300_000);
    const named = Object.values(runtimeMutants).flatMap(({ caughtBy }) => caughtBy);
    const paths = [...new Set([...named, durable])];
    const start = () => Runtime.start(correct);
    const cases = await run("", { start, stop: (runtime) => runtime.stop() }, paths);
    assert.deepEqual(outcomes(cases, "passed"), paths.sort());
  });
});
