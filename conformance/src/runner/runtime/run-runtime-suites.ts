import type { CaseReport } from "../../report/run-report.js";
import type { Runtime } from "../../subject/runtime.js";
import type { RuntimeStep, RuntimeSuite } from "../../suite/runtime-schema.js";
import { addDialling } from "../add-dialling.js";
import { compareFeatures } from "../compare-features.js";
import { type RunningCase, runCase } from "../run-case.js";
import { type RunOptions, type RunOutcome, selectCases } from "../run-options.js";
import { discoverRuntimeFeatures } from "./discover-runtime-features.js";
import { RuntimeCase } from "./runtime-case.js";
import { permitted, runRuntimeStep } from "./runtime-steps.js";

/**
 * Runs the cases one after the other against one runtime, which restarts when a case asks for it.
 *
 * @throws SubjectError when it cannot be started.
 */
export async function runRuntimeSuites(
  options: RunOptions<Runtime> & {
    readonly suites: readonly RuntimeSuite[];
    /** Sets the addresses of this run apart from those of another on the same runtime. */
    readonly prefix?: string;
  },
): Promise<RunOutcome> {
  const selected = selectCases(options.suites, options);
  const cases: CaseReport[] = [];
  let runtime = await options.start();
  const announced = await announcedBy(runtime, options, selected);
  const features = options.declared ?? announced;
  const add = (report: CaseReport) => {
    cases.push(report);
    options.onCase(report);
  };
  const run = async ({ suite, testCase, above }: (typeof selected)[number], number: number) => {
    const open = (trace: RuntimeCase["trace"]) => {
      const prefix = `${options.prefix ?? ""}c${number}-`;
      return running(new RuntimeCase(runtime, trace, { prefix, startAs: options.startAs }));
    };
    add(
      await runCase({ suite, testCase, above, features, permitted, open, record: options.record }),
    );
  };
  try {
    add(compareFeatures(features, announced));
    const slow = selected.flatMap((each, at) => (each.testCase.slow ? [{ each, at }] : []));
    for (const [at, each] of selected.entries()) {
      if (each.testCase.slow) continue;
      await run(each, at);
      await runtime.settled();
      if (runtime.process.exit === undefined) continue;
      await options.stop(runtime);
      runtime = await options.start();
    }
    await Promise.all(slow.map(({ each, at }) => run(each, at)));
  } finally {
    await options.stop(runtime);
  }
  return { features, cases };
}

/** What the runtime announces; it is stopped when that cannot be found out. */
async function announcedBy(
  runtime: Runtime,
  options: RunOptions<Runtime>,
  selected: ReturnType<typeof selectCases>,
): Promise<ReadonlySet<string>> {
  try {
    const offered = await discoverRuntimeFeatures(runtime);
    return await addDialling(offered, "dial", { ...options, selected });
  } catch (error) {
    await options.stop(runtime);
    throw error;
  }
}

function running(testCase: RuntimeCase): RunningCase<RuntimeStep> {
  const { runtime } = testCase;
  return {
    run: (step) => runRuntimeStep(testCase, step),
    get streams() {
      return [...testCase.sessions].map(({ stream }) => stream);
    },
    get death() {
      const { exit, output } = runtime.process;
      return exit === undefined ? "" : `the subject ended with ${exit}\n${output}`;
    },
    close: () => testCase.close(),
  };
}
