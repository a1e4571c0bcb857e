import { Command, CommanderError } from "commander";
import { version } from "../version.js";
import { addCheckpointVerbs, type OpenCheckpoints } from "./checkpoint-verbs.js";
import { exitCode, exitCodeOf, problemsOf } from "./command-error.js";
import { addInspectVerb } from "./inspect-verb.js";
import { formatLogLine } from "./logger.js";
import { addMessageVerbs } from "./message-verbs.js";
import { addParkedVerbs } from "./parked-verbs.js";
import { addRunVerb, type StartNode } from "./run-verb.js";
import { addStateVerbs } from "./state-verbs.js";
import { note, type Terminal } from "./terminal.js";
import { addValidateVerb } from "./validate-verb.js";

/** What some verbs do in this process. Loaded when it is needed: it brings the store along. */
export interface Engine {
  readonly startNode: StartNode;
  readonly openCheckpoints: OpenCheckpoints;
}

/**
 * Runs one command line to its end.
 * @param words - What follows "statewire".
 * @returns The exit code. Messages about what went wrong are on standard error by then.
 */
export async function runCommandLine(
  words: readonly string[],
  terminal: Terminal,
  engine: Engine,
): Promise<number> {
  // Who has the answer read by a program has its errors read by one too.
  const isJson = words.includes("--json") && words[0] !== "run";
  const format = (problem: string): string =>
    isJson ? formatLogLine("fatal", problem) : `statewire: ${problem}`;
  try {
    await createProgram({ terminal, engine, format, isJson }).parseAsync(words, {
      from: "user",
    });
    return exitCode.done;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    for (const problem of problemsOf(error)) await note(terminal, format(problem));
    return exitCodeOf(error);
  }
}

interface ProgramParts {
  readonly terminal: Terminal;
  readonly engine: Engine;
  readonly isJson: boolean;
  /** A problem as a line of standard error. */
  readonly format: (problem: string) => string;
}

function createProgram({ terminal, engine, isJson, format }: ProgramParts): Command {
  const program = new Command("statewire")
    .description("A runtime for stateful functions in any language.")
    .version(version, "--version", "Print the version.")
    .helpOption("-h, --help", "Print help.")
    .helpCommand("help [command]", "print help about a command")
    .addHelpText("after", footer)
    .configureHelp({ minWidthToWrap: helpWidthMin })
    .showHelpAfterError(isJson ? false : "(--help says more)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: (text, write) => write(`${format(text.replace(/^error: /, "").trimEnd())}\n`),
      getOutHelpWidth: () => terminal.stdout.columns ?? helpWidth,
      getErrHelpWidth: () => terminal.stderr.columns ?? helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  addRunVerb(program, terminal, engine.startNode);
  addValidateVerb(program, terminal);
  addMessageVerbs(program, terminal);
  addStateVerbs(program, terminal);
  addInspectVerb(program, terminal);
  addParkedVerbs(program, terminal);
  addCheckpointVerbs(program, terminal, engine.openCheckpoints);
  // "help state" says it all; a command of its own would stand in every list.
  for (const command of program.commands) command.helpCommand(false);
  return program;
}

/** Where there is no terminal. */
const helpWidth = 80;

/** The narrowest column of descriptions: with it, 80 characters are enough for the longest flag. */
const helpWidthMin = 30;

const footer = `
Exit codes: 0 done, 1 failed, 2 the command line or a setting is wrong, 3 another
node has taken over the checkpoint lineage.

Examples:
  statewire run module.yaml
  statewire call example/person/Bob hello
  statewire state list example/person`;
