import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Invocation, parseCommandLine, UsageError, usage } from "./command-line.js";
import { type GoalResult, judge } from "./goals.js";
import { summarizeProfiles } from "./profile/summarize-profiles.js";
import { describeMachine, isInMemory, type Machine } from "./report/machine.js";
import { createProgress, type Progress } from "./report/progress.js";
import { renderGoals, renderSubject } from "./report/table.js";
import { measureRounds, type SubjectResult } from "./rounds.js";
import { type Bench, SkippedSubject, type Subject } from "./subject.js";
import { subjects } from "./subjects.js";

/** What is written as JSON, per subject or per run. */
interface Report {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly settings: { readonly seconds: number; readonly rounds: number; readonly quick: boolean };
  readonly results: readonly SubjectResult[];
  readonly goals: readonly GoalResult[];
}

const resultsDirectory = fileURLToPath(new URL("../../results/", import.meta.url));

/** Runs the benchmark and returns the exit code: 0 also when goals are missed, which is a finding. */
async function main(commandLineArguments: readonly string[]): Promise<number> {
  const invocation = parseCommandLine(commandLineArguments);
  if (invocation.kind === "help") {
    process.stdout.write(`${usage(subjects)}\n`);
    return 0;
  }
  const chosen = chooseSubjects(invocation);
  const scratchDirectory = await mkdtemp(
    join(invocation.directory ?? tmpdir(), "statewire-bench-"),
  );
  if (isInMemory(scratchDirectory)) {
    process.stderr.write(
      `${scratchDirectory} is in memory: fdatasync costs nothing there; use --directory\n`,
    );
  }
  const progress = createProgress();
  try {
    await runSubjects(chosen, invocation, scratchDirectory, progress);
  } finally {
    progress.clear();
    if (!invocation.keep) await rm(scratchDirectory, { recursive: true, force: true });
  }
  return 0;
}

function chooseSubjects(invocation: Extract<Invocation, { kind: "run" }>): readonly Subject[] {
  const unknown = invocation.names.find((name) => !subjects.some((one) => one.name === name));
  if (unknown !== undefined) {
    const known = subjects.map((subject) => subject.name).join(", ");
    throw new UsageError(`unknown subject ${unknown}; there are ${known}`);
  }
  return subjects.filter((subject) =>
    invocation.names.length > 0
      ? invocation.names.includes(subject.name)
      : subject.name !== "peers" || invocation.peers,
  );
}

async function runSubjects(
  chosen: readonly Subject[],
  invocation: Extract<Invocation, { kind: "run" }>,
  scratchDirectory: string,
  progress: Progress,
): Promise<void> {
  const machine = describeMachine();
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, node ${machine.node}, load ${machine.loadAverage}\n`,
  );
  const reports: Report[] = [];
  for (const subject of chosen) {
    const report = await runSubject(subject, invocation, { machine, scratchDirectory, progress });
    if (report !== undefined) reports.push(report);
  }
  const goals = reports.flatMap((report) => report.goals);
  if (goals.length > 0) process.stdout.write(`\nGoals\n${renderGoals(goals)}\n`);
  const last = reports.at(-1);
  if (invocation.json !== null && last !== undefined) {
    const results = reports.flatMap((report) => report.results);
    await writeJson(resolve(invocation.json), { ...last, results, goals });
  }
}

async function runSubject(
  subject: Subject,
  invocation: Extract<Invocation, { kind: "run" }>,
  run: {
    readonly machine: Machine;
    readonly scratchDirectory: string;
    readonly progress: Progress;
  },
): Promise<Report | undefined> {
  const profileDirectory = invocation.profile
    ? join(run.scratchDirectory, `profile-${subject.name}`)
    : null;
  const bench: Bench = {
    durationMs: invocation.seconds * 1000,
    rounds: invocation.rounds,
    quick: invocation.quick,
    only: invocation.only,
    scratchDirectory: run.scratchDirectory,
    profileDirectory,
    progress: (text) => run.progress.show(text),
  };
  const startedAt = new Date().toISOString();
  let result: SubjectResult;
  try {
    const open = await subject.open(bench);
    try {
      result = await measureRounds(subject.name, open, bench);
    } finally {
      await open.close();
    }
  } catch (error) {
    if (!(error instanceof SkippedSubject)) throw error;
    run.progress.clear();
    process.stdout.write(`\n${subject.name}: skipped: ${error.message}\n`);
    return undefined;
  }
  run.progress.clear();
  process.stdout.write(`\n${subject.name}: ${subject.question}\n${renderSubject(result)}\n`);
  if (profileDirectory !== null) process.stdout.write(await summarizeProfiles(profileDirectory));
  const { seconds, rounds, quick } = invocation;
  const report: Report = {
    machine: run.machine,
    startedAt,
    settings: { seconds, rounds, quick },
    results: [result],
    goals: judge(result),
  };
  await writeJson(join(resultsDirectory, `${subject.name}.local.json`), report);
  return report;
}

async function writeJson(path: string, report: Report): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** Ends at once: a subject that failed half-way has left processes behind that end with this one. */
async function runAndExit(): Promise<void> {
  try {
    process.exit(await main(process.argv.slice(2)));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const text = error instanceof Error && !isUsage ? error.stack : String(error);
    process.stderr.write(`${isUsage ? error.message : text}\n`);
    process.exit(isUsage ? 2 : 1);
  }
}

await runAndExit();
