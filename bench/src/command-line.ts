import { parseArgs } from "node:util";
import type { Subject } from "./subject.js";

/** What the command line asks for. */
export type Invocation = { readonly kind: "help" } | RunInvocation;

/** A run of the benchmark. */
export interface RunInvocation {
  readonly kind: "run";
  /** Empty: every subject. */
  readonly names: readonly string[];
  /** Of one measurement. */
  readonly seconds: number;
  readonly rounds: number;
  readonly quick: boolean;
  readonly peers: boolean;
  readonly profile: boolean;
  /** Only series whose names hold this text; null: all. */
  readonly only: string | null;
  /** Leave the scratch folder in place. */
  readonly keep: boolean;
  readonly json: string | null;
  /** Parent of the scratch folder; null: the system's folder for temporary files. */
  readonly directory: string | null;
}

/** The command line is wrong; the message is for the user. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const secondsMax = 600;
const roundsMax = 100;

/** @throws UsageError for an unknown flag or a number out of bounds. */
export function parseCommandLine(commandLineArguments: readonly string[]): Invocation {
  const { values, positionals } = parse(commandLineArguments);
  if (values.help === true) return { kind: "help" };
  const quick = values.quick === true;
  return {
    kind: "run",
    names: positionals,
    seconds: parseNumber("seconds", values.seconds, quick ? 1 : 5, secondsMax),
    rounds: parseNumber("rounds", values.rounds, quick ? 1 : 3, roundsMax),
    quick,
    peers: values.peers === true,
    profile: values.profile === true,
    only: values.only ?? null,
    keep: values.keep === true,
    json: values.json ?? null,
    directory: values.directory ?? null,
  };
}

/** The help text. */
export function usage(subjects: readonly Subject[]): string {
  const names = subjects.map((subject) => `  ${subject.name.padEnd(11)} ${subject.question}`);
  return [
    "npm run bench -- [subjects] [flags]",
    "",
    ...names,
    "",
    "  --seconds N      of one measurement (5; with --quick 1)",
    "  --rounds N       measurements of each series, in turns (3; with --quick 1)",
    "  --quick          small data sets and short rounds, to try the benchmark out",
    "  --peers          the subject peers as well",
    "  --only TEXT      only series whose names hold the text",
    "  --json FILE      the whole run as JSON; each subject's is in results/NAME.local.json",
    "  --directory DIR  measure the disk of this folder (the system's temporary folder)",
    "  --profile        CPU profiles of the runtime and the function server, summarised",
    "  --keep           keep the scratch folder: data, logs, profiles",
  ].join("\n");
}

function parse(commandLineArguments: readonly string[]) {
  try {
    return parseArgs({
      args: [...commandLineArguments],
      allowPositionals: true,
      options: {
        seconds: { type: "string" },
        rounds: { type: "string" },
        only: { type: "string" },
        json: { type: "string" },
        directory: { type: "string" },
        quick: { type: "boolean" },
        peers: { type: "boolean" },
        profile: { type: "boolean" },
        keep: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseNumber(
  flag: string,
  text: string | undefined,
  fallback: number,
  max: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= max) return value;
  throw new UsageError(`--${flag} ${text} is not a number above 0 and at most ${max}`);
}
