import { Command, CommanderError, InvalidArgumentError } from "commander";
import { runTorture, type TortureOptions } from "./torture-command.js";

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
  return (await runTorture(program.opts<TortureOptions>())) ? exitCode.done : exitCode.failed;
}

function createProgram(): Command {
  return new Command("torture")
    .description(
      "Runs a real node with two real function servers, a file in and a file out, and ends them by " +
        "kill -9 again and again. Then compares what is in the file, and in the states, with a run " +
        "without failures.",
    )
    .option("--kills <n>", "How often the node is killed.", parseCount, 50)
    .option("--records <n>", "What is to be done between two kills, in records.", parseCount, 2000)
    .option("--seed <n>", "Decides what happens (default: another one each time).", parseSeed)
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
