/** What `npm run fuzz` is asked for. */
export interface FuzzOptions {
  /** For all tests together. */
  readonly seconds: number;
  /** Part of the names of the tests to run; empty: all. */
  readonly only: string;
  /** Where to begin; undefined: anywhere. */
  readonly seed: number | undefined;
}

export const usage = `npm run fuzz [-- --seconds N] [--only NAME] [--seed S]

  --seconds N   how long, over all decoders together (60)
  --only NAME   only decoders with NAME in their name
  --seed S      begin with this seed, as a failure has printed it`;

/** @throws Error with what is wrong, for people. */
export function parseCommandLine(words: readonly string[]): FuzzOptions | "help" {
  let seconds = 60;
  let only = "";
  let seed: number | undefined;
  for (let at = 0; at < words.length; at += 2) {
    const [name = "", value] = words.slice(at);
    if (name === "--help") return "help";
    if (!["--seconds", "--only", "--seed"].includes(name)) throw new Error(`unknown ${name}`);
    if (value === undefined) throw new Error(`${name} needs a value`);
    if (name === "--seconds") seconds = parseNumber(name, value);
    else if (name === "--seed") seed = parseNumber(name, value);
    else only = value;
  }
  return { seconds, only, seed };
}

function parseNumber(name: string, value: string): number {
  if (/^\d{1,10}$/.test(value)) return Number(value);
  throw new Error(`${name} ${value} is not a whole number`);
}
