import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ModuleError } from "../module/module-problem.js";
import { SettingsError } from "../settings.js";
import { CommandError, exitCode } from "./command-error.js";
import { addInspectVerb } from "./inspect-verb.js";
import { addMessageVerbs } from "./message-verbs.js";
import { addRunVerb, type StartNode } from "./run-verb.js";
import { addStateVerbs } from "./state-verbs.js";
import { note, type Terminal } from "./terminal.js";
import { addValidateVerb } from "./validate-verb.js";

/**
 * Runs one command line to its end.
 * @param words - What follows "statewire".
 * @returns The exit code. Messages about what went wrong are on standard error by then.
 */
export async function runCommandLine(
  words: readonly string[],
  terminal: Terminal,
  startNode: StartNode,
): Promise<number> {
  try {
    await createProgram(terminal, startNode).parseAsync(words, { from: "user" });
    return exitCode.done;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    for (const line of linesOf(error)) await note(terminal, `statewire: ${line}`);
    return isUsage(error) ? exitCode.usage : exitCode.failed;
  }
}

function createProgram(terminal: Terminal, startNode: StartNode): Command {
  const program = new Command("statewire")
    .description("A runtime for stateful functions in any language.")
    .version(readVersion(), "--version", "Print the version.")
    .helpOption("-h, --help", "Print help.")
    .helpCommand(false)
    .addHelpText("after", footer)
    .showHelpAfterError("(--help says more)")
    .configureHelp({ minWidthToWrap: helpWidthMin })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "statewire: ")),
      getOutHelpWidth: () => terminal.stdout.columns ?? helpWidth,
      getErrHelpWidth: () => terminal.stderr.columns ?? helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  addRunVerb(program, terminal, startNode);
  addValidateVerb(program, terminal);
  addMessageVerbs(program, terminal);
  addStateVerbs(program, terminal);
  addInspectVerb(program, terminal);
  return program;
}

/** Where there is no terminal. */
const helpWidth = 80;

/** The narrowest column of descriptions: with it, 80 characters are enough for the longest flag. */
const helpWidthMin = 30;

const footer = `
Exit codes: 0 done, 1 failed, 2 the command line or a setting is wrong.

Examples:
  statewire run module.yaml
  statewire call example/person/Bob hello
  statewire state list example/person`;

function isUsage(error: unknown): boolean {
  return (
    error instanceof SettingsError || (error instanceof CommandError && error.code === "usage")
  );
}

function linesOf(error: unknown): string[] {
  if (error instanceof CommandError && error.code === "logged") return [];
  if (error instanceof SettingsError) return [...error.problems];
  if (error instanceof CommandError || error instanceof ModuleError)
    return error.message.split("\n");
  // Nobody foresaw it: the stack is what helps.
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

function readVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
