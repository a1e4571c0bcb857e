import { readFileSync } from "node:fs";
import picomatch from "picomatch";
import { formatTranscript, type RecordedCase } from "../golden/transcript.js";
import { readClauses } from "../protocol/clauses.js";
import { explainCase, formatCase, formatSummary } from "../report/console-report.js";
import { applyKnownFailing, parseKnownFailing } from "../report/known-failing.js";
import { type CaseReport, isBad, type RunReport } from "../report/run-report.js";
import { aboveLevel, type RunOptions, type RunOutcome } from "../runner/run-options.js";
import { runtimeFeatures } from "../runner/runtime/discover-runtime-features.js";
import { runRuntimeSuites } from "../runner/runtime/run-runtime-suites.js";
import { sdkFeatures } from "../runner/sdk/discover-features.js";
import { runSdkSuites } from "../runner/sdk/run-sdk-suites.js";
import { FunctionServer } from "../subject/function-server.js";
import { Runtime } from "../subject/runtime.js";
import type { Tier } from "../suite/data.js";
import { loadRuntimeSuites, loadSdkSuites } from "../suite/load-suites.js";
import { type OutputFiles, write, writeReports } from "./output-files.js";
import { UsageError } from "./usage-error.js";
import { kitVersion, protocolVersion } from "./version.js";

type Role = RunReport["subject"]["role"];

/** The flags of `sdk` and `runtime`. */
export interface RunFlags extends OutputFiles {
  readonly name?: string;
  readonly features?: string;
  readonly select: readonly string[];
  readonly knownFailing?: string;
  readonly level: Tier;
  readonly record?: string;
  readonly quiet?: boolean;
}

/** Runs the suites against a command. Resolves to the exit code: 0, or 1 when a case failed. */
export async function runAgainst(
  role: Role,
  command: readonly string[],
  flags: RunFlags,
): Promise<number> {
  const clauses = readClauses();
  const known = readKnownFailing(flags.knownFailing);
  const startedAt = new Date().toISOString();
  const cases: CaseReport[] = [];
  const recorded: RecordedCase[] = [];
  const print = (line: string) => process.stderr.write(`${line}\n`);
  const common = {
    declared: parseFeatures(role, flags.features),
    selects: selector(flags.select),
    level: flags.level,
    ...(flags.record === undefined ? {} : { record: (each: RecordedCase) => recorded.push(each) }),
    onCase: (each: CaseReport) => {
      const report = applyKnownFailing(each, known);
      cases.push(report);
      // Those above the level are many, and say nothing: the last line counts them.
      const isShown = flags.quiet !== true && !report.reason.startsWith(aboveLevel);
      if (isShown || isBad(report)) print(formatCase(report));
    },
  };
  const outcome = await (role === "sdk" ? runSdk(command, common) : runRuntime(command, common));
  const run: RunReport = {
    format: 1,
    kitVersion,
    protocolVersion,
    subject: {
      name: flags.name ?? command[0] ?? "",
      role,
      features: [...outcome.features],
      level: flags.level,
    },
    startedAt,
    cases,
  };
  const bad = cases.filter(isBad);
  for (const report of bad) print(`\n${explainCase(report, clauses)}`);
  print(`\n${formatSummary(run)}`);
  writeReports(run, flags, clauses);
  if (flags.record !== undefined) write("--record", flags.record, formatTranscript(recorded));
  if (cases.length === 1)
    throw new UsageError(`--select ${flags.select.join(" ")}: no case has such a name`);
  return bad.length === 0 ? 0 : 1;
}

type Common = Omit<RunOptions<never>, "start" | "stop" | "startAs">;

function runSdk(command: readonly string[], common: Common): Promise<RunOutcome> {
  return runSdkSuites({
    ...common,
    suites: loadSdkSuites(),
    start: () => FunctionServer.start(command),
    stop: (server) => server.stop(),
    startAs: (told) => FunctionServer.start(command, told),
  });
}

function runRuntime(command: readonly string[], common: Common): Promise<RunOutcome> {
  return runRuntimeSuites({
    ...common,
    suites: loadRuntimeSuites(),
    start: () => Runtime.start(command),
    stop: (runtime) => runtime.stop(),
    startAs: (told) => Runtime.start(command, told),
  });
}

function readKnownFailing(path: string | undefined): ReadonlyMap<string, string> {
  if (path === undefined) return new Map();
  try {
    return parseKnownFailing(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`--known-failing ${path}: ${(error as Error).message}`);
  }
}

function parseFeatures(role: Role, text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const names = text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const known: readonly string[] = role === "sdk" ? sdkFeatures : runtimeFeatures;
  const unknown = names.filter((each) => !known.includes(each));
  if (unknown.length === 0) return new Set(names);
  throw new UsageError(`--features ${unknown.join(",")}: not known; known: ${known.join(", ")}`);
}

/** A case is wanted when a pattern matches its suite, or "suite/name". */
function selector(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => true;
  const matches = picomatch([...patterns]);
  return (path) => matches(path) || matches(path.split("/")[0] ?? "");
}
