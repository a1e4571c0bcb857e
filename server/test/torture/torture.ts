import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { TortureOptions } from "./torture-command.js";

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
  const { runTorture } = await import("./torture-command.js");
  return (await runTorture(program.opts<TortureOptions>())) ? exitCode.done : exitCode.failed;
}

function createProgram(): Command {
  return new Command("torture")
    .description(
      "Runs a real node with real function servers, a file in and a file out, and compares what comes " +
        "out with a run without failures. By default it ends node and servers by kill -9 again and " +
        "again; --backlog and --timers do something else instead.",
    )
    .option("--kills <n>", "How often the node is killed.", parseCount, 50)
    .option("--records <n>", "What is to be done between two kills, in records.", parseCount, 2000)
    .option("--seed <n>", "Decides what happens (default: another one each time).", parseSeed)
    .option("--backlog <n>", "So many messages wait for a server that is dead.", parseCount)
    .option("--addresses <n>", "With --backlog: that they are for.", parseCount, 100_000)
    .option(
      "--timers <n>",
      "So many delayed messages become due while the node is dead.",
      parseCount,
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
