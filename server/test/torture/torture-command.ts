import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Presets, SingleBar } from "cli-progress";
import { type KillReport, runKillTrial } from "./kill-trial.js";

/** What the command line says. */
export interface TortureOptions {
  readonly kills: number;
  readonly records: number;
  readonly seed?: bigint;
  readonly json: boolean;
}

/** Differences that are shown in words. */
const differencesShownMax = 10;

/** Runs a trial, says what it came to, and returns whether nothing was wrong. */
export async function runTorture(options: TortureOptions): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "statewire-torture-"));
  const { json, kills, records: recordsPerKill, seed = BigInt(Date.now()) } = options;
  const bar = process.stderr.isTTY ? startBar(kills) : null;
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interrupt.abort());
  try {
    const { signal } = interrupt;
    const onKill = ({ kills }: { readonly kills: number }) => bar?.update(kills);
    const report = await runKillTrial({ directory, seed, kills, recordsPerKill, onKill, signal });
    bar?.stop();
    print(json ? JSON.stringify(report) : describe(report));
    if (report.differences.length > 0) return keep(directory);
  } catch (error) {
    bar?.stop();
    process.stderr.write(`seed ${seed}: ${(error as Error).message}\n`);
    return keep(directory);
  }
  rmSync(directory, { recursive: true });
  return true;
}

/** For whoever wants to know what went wrong. */
function keep(directory: string): false {
  process.stderr.write(`everything is left in ${directory}\n`);
  return false;
}

function describe(report: KillReport): string {
  const { differences } = report;
  const shown = differences.slice(0, differencesShownMax);
  const more = differences.length - shown.length;
  return [
    `seed ${report.seed}: ${number(report.kills)} kills of the node ` +
      `(${report.killsAtSteps} at a step of its disk, ${report.killsOfStarts} of a start), ` +
      `${report.drains} drains, ` +
      `${report.serverKills} kills and ${report.serverStops} stops of function servers`,
    ...shown,
    ...(more > 0 ? [`and ${more} differences more`] : []),
    `${number(report.records)} records, ${number(report.messages)} messages, ` +
      `${report.lost} lost, ${report.doubled} doubled, in ${report.seconds.toFixed(1)} s`,
  ].join("\n");
}

function startBar(total: number): SingleBar {
  const format = "  {bar} {percentage} %  {value} of {total} kills, {duration} s";
  const bar = new SingleBar(
    { format, hideCursor: true, gracefulExit: false, stream: process.stderr, barsize: 30 },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return bar;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function number(count: number): string {
  return count.toLocaleString("en-US");
}
