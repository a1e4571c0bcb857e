import { parseArgs } from "node:util";

/** What was asked for on the command line. */
export interface DemoOptions {
  readonly crash: boolean;
  readonly loseMachine: boolean;
  /** As of `statewire run`; undefined: a folder beside the data. */
  readonly checkpointStore: string | undefined;
  /** Only the first so many of the file; undefined: all. */
  readonly flights: number | undefined;
  /** Where the run's files go; emptied first. Undefined: beside the example. */
  readonly directory: string | undefined;
  readonly help: boolean;
}

export const usage = `npm run demo -- [--crash] [--lose-machine] [--flights N] [--directory DIR]

  --crash          kill -9 the runtime, and another time the function server, in the middle
  --lose-machine   kill -9 the runtime in the middle, delete its data, and restore it elsewhere
  --checkpoint-store URL
                   where --lose-machine restores from (default: a folder of the run)
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
      "lose-machine": { type: "boolean", default: false },
      "checkpoint-store": { type: "string" },
      flights: { type: "string" },
      directory: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    crash: values.crash,
    loseMachine: values["lose-machine"],
    checkpointStore: values["checkpoint-store"],
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
