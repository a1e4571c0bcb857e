import { Presets, SingleBar } from "cli-progress";
import type { FaultKind } from "./faults.js";
import { plantedBug } from "./planted-bugs.js";
import { runSeeds } from "./run-seeds.js";
import { reportOf, runCase, type SeedCase } from "./seed-report.js";
import { shrink } from "./shrink.js";
import type { SimulationOptions } from "./simulation.js";
import { coverageText, failureText, outcomeLine, summaryText } from "./simulation-text.js";

/** What the command line says. */
export interface SimulateOptions {
  readonly seed?: bigint;
  readonly log: boolean;
  readonly seeds: number;
  readonly first?: bigint;
  readonly without: readonly FaultKind[];
  readonly load: number;
  readonly plant?: string;
  readonly json: boolean;
}

/** Failing seeds that are shown in full. */
const failuresShownMax = 3;

/** Runs one seed, says what it came to, and returns whether nothing was wrong. */
export async function runOne(options: SimulateOptions): Promise<boolean> {
  const { seed = 0n, without, load, log, json, plant = null } = options;
  const wanted: SeedCase = { seed, without, loadPercent: load };
  const outcome = await runCase(wanted, seamsOf(options));
  if (log) for (const line of outcome.log.lines) print(line);
  if (json) print(toJson(reportOf(outcome)));
  else if (outcome.problem === null) print(outcomeLine(outcome));
  else print(failureText(outcome, { failing: wanted, smallest: wanted, plant }));
  return outcome.problem === null;
}

/** Runs seeds that follow one another, with a bar on a terminal; shows the first that fail. */
export async function runMany(options: SimulateOptions): Promise<boolean> {
  const { seeds, first = 1n, without, load, plant, json } = options;
  const like = { without, loadPercent: load };
  const bar = process.stderr.isTTY ? startBar(seeds) : null;
  let failed = 0;
  const summary = await runSeeds({
    first,
    count: seeds,
    like,
    plant: plant ?? null,
    stopsAtFailure: false,
    onReport: ({ problem }) => {
      if (problem !== null) failed++;
      bar?.increment({ failed });
    },
  });
  bar?.stop();
  const { failures } = summary;
  if (json) {
    print(toJson(summary));
    return failures.length === 0;
  }
  for (const { seed } of failures.slice(0, failuresShownMax)) {
    print(await describeFailure({ ...like, seed }, options));
    print("");
  }
  const others = failures.slice(failuresShownMax).map(({ seed }) => seed);
  if (others.length > 0) print(`these fail too: ${others.join(" ")}\n`);
  print(coverageText(summary));
  print(summaryText(summary));
  return failures.length === 0;
}

/** A seed repeats itself: so it is run again, for its log, and then made smaller. */
async function describeFailure(failing: SeedCase, options: SimulateOptions): Promise<string> {
  const outcome = await runCase(failing, seamsOf(options));
  const smallest = await shrink(failing, () => seamsOf(options));
  return failureText(outcome, { failing, smallest, plant: options.plant ?? null });
}

function seamsOf({ plant }: SimulateOptions): SimulationOptions["seams"] {
  return plant === undefined ? undefined : plantedBug(plant).seams();
}

function startBar(total: number): SingleBar {
  const format = "  {bar} {percentage} %  {value} of {total} seeds, {failed} failed, {duration} s";
  const bar = new SingleBar(
    { format, hideCursor: true, gracefulExit: false, stream: process.stderr, barsize: 30 },
    Presets.shades_classic,
  );
  bar.start(total, 0, { failed: 0 });
  return bar;
}

/** One line, or several, of data. */
function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function toJson(value: unknown): string {
  const text = (_: string, part: unknown) => (typeof part === "bigint" ? String(part) : part);
  return JSON.stringify(value, text);
}
