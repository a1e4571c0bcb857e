import { parseArgs } from "node:util";

/** What was asked for on the command line. */
export interface DemoOptions {
  readonly crash: boolean;
  /** Only the first so many of the file; undefined: all. */
  readonly flights: number | undefined;
  /** Where the run's files go; emptied first. Undefined: beside the example. */
  readonly directory: string | undefined;
  readonly help: boolean;
}

export const usage = `npm run demo -- [--crash] [--flights N] [--directory DIR]

  --crash          kill -9 the runtime, and another time the function server, in the middle
  --flights N      only the first N flights of the file
  --directory DIR  where the run's files go; emptied first (default: .statewire-demo of the example)
  --help           print this
`;

/** @throws Error that says what is wrong with the arguments. */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      crash: { type: "boolean", default: false },
      flights: { type: "string" },
      directory: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    crash: values.crash,
    flights: values.flights === undefined ? undefined : parseCount(values.flights),
    directory: values.directory,
    help: values.help,
  };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`--flights ${text} is not a number of 1 or more`);
}
