import Table from "cli-table3";
import type { SeedsSummary } from "./run-seeds.js";
import { replayCommand, type SeedCase } from "./seed-report.js";
import type { Outcome } from "./simulation.js";

/** Events that a failure shows. */
const lastEventsMax = 40;
const lineLengthMax = 160;

/** What one seed came to, in a line. */
export function outcomeLine({ seed, steps, messages, crashes, log }: Outcome): string {
  const counts = `${steps} events, ${messages} messages, ${crashes} crashes`;
  return `seed ${seed}: ${counts}, log ${log.hash().slice(0, 16)}`;
}

/** The case that failed, and the smallest one like it. */
export interface FailureCases {
  readonly failing: SeedCase;
  readonly smallest: SeedCase;
  /** Name of a planted bug; null: none. */
  readonly plant: string | null;
}

/** Which seed failed, how, what happened last, and how to see it again. */
export function failureText(outcome: Outcome, { failing, smallest, plant }: FailureCases): string {
  const { seed, problem, steps, log } = outcome;
  const last = log.lines.slice(-lastEventsMax).map((line) => line.slice(0, lineLengthMax));
  const lines = [
    `seed ${seed} fails after ${steps} events:`,
    `  ${problem}`,
    "its last events:",
    ...last,
    `replay it by: ${replayCommand(failing, plant)}`,
  ];
  if (smallest !== failing) lines.push(`smaller:      ${replayCommand(smallest, plant)}`);
  return lines.join("\n");
}

/** What many seeds came to. */
export function summaryText(summary: SeedsSummary): string {
  const { seeds, steps, messages, crashes, failures, seconds } = summary;
  const counts = [
    `${number(seeds)} seeds in ${seconds.toFixed(1)} s`,
    `${number(steps)} events`,
    `${number(messages)} messages`,
    `${number(crashes)} crashes`,
    `${failures.length} failed`,
  ];
  return counts.join(", ");
}

/** How often everything happened, in columns. */
export function coverageText({ coverage }: SeedsSummary): string {
  const cells = Object.entries(coverage).map(([name, count]) => [name, number(count)]);
  const height = Math.ceil(cells.length / 2);
  const table = new Table({
    colAligns: ["left", "right", "left", "right"],
    style: { head: [], border: [], compact: true },
    chars: {
      ...Object.fromEntries(borders.map((border) => [border, ""])),
      middle: "  ",
    },
  });
  for (let at = 0; at < height; at++) {
    table.push([...(cells[at] ?? []), ...(cells[at + height] ?? ["", ""])]);
  }
  return table.toString();
}

const borders = [
  "top",
  "top-mid",
  "top-left",
  "top-right",
  "bottom",
  "bottom-mid",
  "bottom-left",
  "bottom-right",
  "left",
  "left-mid",
  "mid",
  "mid-mid",
  "right",
  "right-mid",
];

function number(count: number): string {
  return count.toLocaleString("en-US");
}
