import { Command, CommanderError, InvalidArgumentError } from "commander";
import { faultKinds } from "./faults.js";
import { plantedBugs } from "./planted-bugs.js";
import { faultKindOf } from "./seed-report.js";
import type { SimulateOptions } from "./simulate-command.js";

const exitCode = { done: 0, failed: 1, usage: 2 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    program.parse(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  }
  const options = program.opts<SimulateOptions>();
  const { runMany, runOne } = await import("./simulate-command.js");
  const isFine = options.seed === undefined ? await runMany(options) : await runOne(options);
  return isFine ? exitCode.done : exitCode.failed;
}

function createProgram(): Command {
  return new Command("simulate")
    .description("Runs whole nodes in simulated worlds, each decided by a seed of 64 bits.")
    .option("--seed <n>", "Run this one seed and say what it came to.", parseSeed)
    .option("--log", "With --seed: print everything that happened.", false)
    .option("--seeds <n>", "Run so many seeds.", parseCount, 1000)
    .option("--first <n>", "The first of them (default: 1).", parseSeed)
    .option(
      "--without <kinds>",
      `Leave out kinds of faults: ${faultKinds.join(", ")}.`,
      parseKinds,
      [],
    )
    .option(
      "--load <percent>",
      "Messages from outside, of what the seed would have.",
      parsePercent,
      100,
    )
    .option(
      "--plant <bug>",
      `Plant a bug: ${plantedBugs.map(({ name }) => name).join(", ")}.`,
      parsePlant,
    )
    .option("--json", "Print one JSON object.", false)
    .helpOption("-h, --help", "Print help.")
    .allowExcessArguments(false)
    .showHelpAfterError("(--help says more)")
    .exitOverride();
}

function parseSeed(text: string): bigint {
  if (!/^\d+$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) {
    throw new InvalidArgumentError("a seed is a whole number from 0 to 2^64 - 1");
  }
  return BigInt(text);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError("at least 1");
  return count;
}

function parsePercent(text: string): number {
  const percent = Number(text);
  if (!(percent > 0 && percent <= 100)) throw new InvalidArgumentError("above 0, up to 100");
  return percent;
}

function parseKinds(text: string) {
  return text.split(",").map((name) => {
    const kind = faultKindOf(name.trim());
    if (kind === undefined) throw new InvalidArgumentError(`no kind of fault is "${name.trim()}"`);
    return kind;
  });
}

function parsePlant(text: string): string {
  if (plantedBugs.some(({ name }) => name === text)) return text;
  throw new InvalidArgumentError(`no planted bug is "${text}"`);
}
