import type { CaseReport } from "../../report/run-report.js";
import type { FunctionServer } from "../../subject/function-server.js";
import type { SdkStep, SdkSuite } from "../../suite/sdk-schema.js";
import { addDialling } from "../add-dialling.js";
import { compareFeatures } from "../compare-features.js";
import { type RunningCase, runCase } from "../run-case.js";
import { type RunOptions, type RunOutcome, selectCases } from "../run-options.js";
import { discoverFeatures } from "./discover-features.js";
import { SdkCase } from "./sdk-case.js";
import { runStep } from "./sdk-steps.js";

/** What a server may send at any time. */
const permitted: ReadonlySet<string> = new Set(["window"]);

/**
 * Runs the cases one after the other against one function server.
 *
 * @throws SubjectError when it cannot be started.
 */
export async function runSdkSuites(
  options: RunOptions<FunctionServer> & { readonly suites: readonly SdkSuite[] },
): Promise<RunOutcome> {
  const selected = selectCases(options.suites, options);
  const cases: CaseReport[] = [];
  let server = await options.start();
  const announced = await announcedBy(server, options, selected);
  const features = options.declared ?? announced;
  const add = (report: CaseReport) => {
    cases.push(report);
    options.onCase(report);
  };
  const run = async ({ suite, testCase, above }: (typeof selected)[number]) => {
    const mayEnd = testCase.steps.some((step) => "exit" in step);
    const open = (trace: SdkCase["trace"]) =>
      running(new SdkCase(server, trace, options.startAs), mayEnd);
    add(
      await runCase({ suite, testCase, above, features, permitted, open, record: options.record }),
    );
  };
  try {
    add(compareFeatures(features, announced));
    for (const each of selected.filter(({ testCase }) => !testCase.slow)) {
      await run(each);
      // A subject that has ended must not fail the cases after the one that ended it.
      const stopped = each.above === "" && each.testCase.steps.some((step) => "signal" in step);
      if (!stopped && server.process.exit === undefined) continue;
      await options.stop(server);
      server = await options.start();
    }
    await Promise.all(selected.filter(({ testCase }) => testCase.slow).map(run));
  } finally {
    await options.stop(server);
  }
  return { features, cases };
}

/** What the function server announces; it is stopped when that cannot be found out. */
async function announcedBy(
  server: FunctionServer,
  options: RunOptions<FunctionServer>,
  selected: ReturnType<typeof selectCases>,
): Promise<ReadonlySet<string>> {
  try {
    const offered = await discoverFeatures(server);
    return await addDialling(offered, "attach", { ...options, selected });
  } catch (error) {
    await options.stop(server);
    throw error;
  }
}

function running(testCase: SdkCase, mayEnd: boolean): RunningCase<SdkStep> {
  const { process } = testCase.server;
  return {
    run: (step) => runStep(testCase, step),
    get streams() {
      return [...testCase.sessions].map(({ stream }) => stream);
    },
    get death() {
      const { exit, output } = process;
      return mayEnd || exit === undefined ? "" : `the subject ended with ${exit}\n${output}`;
    },
    close: () => testCase.close(),
  };
}
