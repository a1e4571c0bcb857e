import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Presets, SingleBar } from "cli-progress";
import { runBacklogTrial } from "./backlog-trial.js";
import { runKillTrial } from "./kill-trial.js";
import { runTimerTrial } from "./timer-trial.js";
import { describeBacklog, describeKills, describeTimers } from "./torture-text.js";

/** What the command line says. */
export interface TortureOptions {
  readonly kills: number;
  readonly records: number;
  readonly seed?: bigint;
  readonly backlog?: number;
  readonly addresses: number;
  readonly timers?: number;
  readonly json: boolean;
}

/** What a trial came to. */
interface Outcome {
  readonly report: object;
  readonly text: string;
  readonly isFine: boolean;
}

interface Trial {
  /** What the bar counts. */
  readonly total: number;
  readonly noun: string;
  readonly run: (setting: Setting) => Promise<Outcome>;
}

interface Setting {
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/** Memory of its own that a node may have while much waits and while that goes, with default settings. */
const memoryBytesMax = 300_000_000;

/** Delayed messages are set faster than one in so many ms, after a while. */
const timerMs = 0.25;
const timersBeginMs = 20_000;

/** Runs a trial, says what it came to, and returns whether nothing was wrong. */
export async function runTorture(options: TortureOptions): Promise<boolean> {
  const trial = trialOf(options);
  const directory = mkdtempSync(join(tmpdir(), "statewire-torture-"));
  const bar = process.stderr.isTTY ? startBar(trial) : null;
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interrupt.abort());
  let outcome: Outcome;
  try {
    const onProgress = (done: number) => bar?.update(done);
    outcome = await trial.run({ directory, onProgress, signal: interrupt.signal });
  } catch (error) {
    bar?.stop();
    process.stderr.write(`${(error as Error).message}\n`);
    return keep(directory);
  }
  bar?.stop();
  process.stdout.write(`${options.json ? JSON.stringify(outcome.report) : outcome.text}\n`);
  if (!outcome.isFine) return keep(directory);
  rmSync(directory, { recursive: true });
  return true;
}

/** For whoever wants to know what went wrong. */
function keep(directory: string): false {
  process.stderr.write(`everything is left in ${directory}\n`);
  return false;
}

function trialOf({ backlog, timers, ...options }: TortureOptions): Trial {
  if (backlog !== undefined) return backlogTrial(backlog, options.addresses);
  return timers === undefined ? killTrial(options) : timerTrial(timers);
}

function killTrial({ kills, records, seed = BigInt(Date.now()) }: TortureOptions): Trial {
  return {
    total: kills,
    noun: "kills",
    run: async ({ directory, signal, onProgress }) => {
      const onKill = ({ kills }: { readonly kills: number }) => onProgress(kills);
      const options = { directory, seed, kills, recordsPerKill: records, onKill, signal };
      const report = await runKillTrial(options);
      const isFine = report.differences.length === 0;
      return { report, text: describeKills(report), isFine };
    },
  };
}

function backlogTrial(messages: number, addresses: number): Trial {
  return {
    total: 2 * messages,
    noun: "messages in and out",
    run: async ({ directory, signal, onProgress }) => {
      const report = await runBacklogTrial({
        directory,
        messages,
        addresses,
        signal,
        onProgress: (phase, count) => onProgress(phase === "taken" ? count : messages + count),
      });
      const { lost, doubled, disordered, takingBytesMax, drainingBytesMax } = report;
      const bytesMax = Math.max(takingBytesMax, drainingBytesMax);
      const isFine = bytesMax < memoryBytesMax && lost + doubled + disordered === 0;
      return { report, text: describeBacklog(report), isFine };
    },
  };
}

function timerTrial(timers: number): Trial {
  return {
    total: 2 * timers,
    noun: "delayed messages set and fired",
    run: async ({ directory, signal, onProgress }) => {
      const report = await runTimerTrial({
        directory,
        timers,
        dueAfterMs: timersBeginMs + timers * timerMs,
        signal,
        onProgress: (phase, count) => onProgress(phase === "pending" ? count : timers + count),
      });
      const { lost, doubled, settingBytesMax, firingBytesMax } = report;
      const bytesMax = Math.max(settingBytesMax, firingBytesMax);
      const isFine = bytesMax < memoryBytesMax && lost + doubled === 0;
      return { report, text: describeTimers(report), isFine };
    },
  };
}

function startBar({ total, noun }: Trial): SingleBar {
  const format = `  {bar} {percentage} %  {value} of {total} ${noun}, {duration} s`;
  const bar = new SingleBar(
    { format, hideCursor: true, gracefulExit: false, stream: process.stderr, barsize: 30 },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return bar;
}
