import type { CaseReport } from "../report/run-report.js";
import type { FunctionServer } from "../subject/function-server.js";
import type { Suite, TestCase } from "../suite/schema.js";
import { Trace } from "../wire/trace.js";
import { CaseFailure } from "./case-failure.js";
import { discoverFeatures } from "./discover-features.js";
import { show } from "./match.js";
import { SdkCase } from "./sdk-case.js";
import { runStep } from "./sdk-steps.js";

export interface RunOptions {
  /** Called for the first case, and again when the function server has ended. */
  readonly start: () => Promise<FunctionServer>;
  readonly stop: (server: FunctionServer) => Promise<void>;
  readonly suites: readonly Suite[];
  /** What the subject is said to offer; undefined: whatever it announces. */
  readonly declared: ReadonlySet<string> | undefined;
  /** Whether a case, "suite/name", is wanted. */
  readonly selects: (path: string) => boolean;
  readonly onCase: (report: CaseReport) => void;
}

/** What a run found out. */
export interface RunOutcome {
  readonly features: ReadonlySet<string>;
  readonly cases: readonly CaseReport[];
}

/**
 * Runs the cases one after the other against one function server.
 *
 * @throws SubjectError when it cannot be started.
 */
export async function runSdkSuites(options: RunOptions): Promise<RunOutcome> {
  const selected = options.suites.flatMap((suite) => {
    const cases = suite.cases.filter(({ name }) => options.selects(`${suite.suite}/${name}`));
    return cases.map((testCase) => ({ suite, testCase }));
  });
  const reports: CaseReport[] = [];
  let server = await options.start();
  const announced = await discoverFeatures(server);
  const features = options.declared ?? announced;
  const add = (report: CaseReport) => {
    reports.push(report);
    options.onCase(report);
  };
  const run = async (each: (typeof selected)[number]) => {
    add(await runCase({ ...each, server, features }));
  };
  try {
    add(compareFeatures(features, announced));
    for (const each of selected.filter(({ testCase }) => !testCase.slow)) {
      await run(each);
      // A subject that has ended must not fail the cases after the one that ended it.
      const stopped = each.testCase.steps.some((step) => "signal" in step);
      if (!stopped && server.process.exit === undefined) continue;
      await options.stop(server);
      server = await options.start();
    }
    await Promise.all(selected.filter(({ testCase }) => testCase.slow).map(run));
  } finally {
    await options.stop(server);
  }
  return { features, cases: reports };
}

/** Nothing is skipped because a server forgot to announce it, or announced what it should not. */
function compareFeatures(
  declared: ReadonlySet<string>,
  announced: ReadonlySet<string>,
): CaseReport {
  const missing = [...declared].filter((feature) => !announced.has(feature));
  const surplus = [...announced].filter((feature) => !declared.has(feature));
  const parts = [
    ...missing.map((feature) => `declared, but not announced: ${feature}`),
    ...surplus.map((feature) => `announced, but not declared: ${feature}`),
  ];
  return {
    suite: "features",
    name: "are those that were declared",
    clauses: ["HELLO-4"],
    level: "MUST",
    outcome: parts.length === 0 ? "passed" : "failed",
    reason: parts.join("; "),
    step: 0,
    durationMs: 0,
    trace: [],
  };
}

async function runCase(parts: {
  suite: Suite;
  testCase: TestCase;
  server: FunctionServer;
  features: ReadonlySet<string>;
}): Promise<CaseReport> {
  const { suite, testCase, server, features } = parts;
  const { name, clauses, level } = testCase;
  const common = { suite: suite.suite, name, clauses, level };
  const missing = testCase.features.filter((feature) => !features.has(feature));
  if (missing.length > 0) {
    const reason = `needs ${missing.join(", ")}`;
    return { ...common, outcome: "not applicable", reason, step: 0, durationMs: 0, trace: [] };
  }
  const trace = new Trace();
  const startedMs = performance.now();
  const failure = await failureOf(new SdkCase(server, trace), testCase);
  const durationMs = performance.now() - startedMs;
  const { exit, output } = server.process;
  const mayEnd = testCase.steps.some((step) => "exit" in step);
  const died = mayEnd || exit === undefined ? "" : `\nthe subject ended with ${exit}\n${output}`;
  if (failure === undefined && died === "") {
    return { ...common, outcome: "passed", reason: "", step: 0, durationMs, trace: [] };
  }
  const reason = `${failure?.message ?? ""}${died}`.trim();
  const step = (failure?.step ?? 0) + 1;
  return { ...common, outcome: "failed", reason, step, durationMs, trace: trace.entries };
}

async function failureOf(running: SdkCase, testCase: TestCase): Promise<CaseFailure | undefined> {
  const untilMs = performance.now() + testCase.withinMs;
  try {
    for (const [at, step] of testCase.steps.entries()) {
      const failure = await failureOfStep(running, step);
      if (failure === undefined && performance.now() < untilMs) continue;
      const found = failure ?? new CaseFailure(`the case took more than ${testCase.withinMs} ms`);
      found.step = at;
      return found;
    }
    return unexpectedOf(running, testCase.steps.length - 1);
  } finally {
    running.close();
  }
}

/** Events that may come at any time, and those of a stream that has ended. */
const unexpectedKinds: ReadonlySet<string> = new Set(["result", "state_request", "error", "drain"]);

/** What came although no step asked for it: a second result, for example. */
function unexpectedOf(running: SdkCase, step: number): CaseFailure | undefined {
  for (const { stream } of running.sessions) {
    const event = stream.events.rest.find(({ kind }) => unexpectedKinds.has(kind));
    if (event === undefined || stream.hasEnded) continue;
    const failure = new CaseFailure(`not expected: ${event.kind} ${show(event.fields)}`);
    failure.step = step;
    return failure;
  }
  return undefined;
}

async function failureOfStep(
  running: SdkCase,
  step: TestCase["steps"][number],
): Promise<CaseFailure | undefined> {
  try {
    await runStep(running, step);
    return undefined;
  } catch (error) {
    if (error instanceof CaseFailure) return error;
    throw error;
  }
}
