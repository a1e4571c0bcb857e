import type { FuzzOptions } from "./command-line.js";
import { parseCommandLine, usage } from "./command-line.js";
import { fuzzAll } from "./fuzz-all.js";

let words: FuzzOptions | "help";
try {
  words = parseCommandLine(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${usage}\n`);
  process.exit(2);
}
if (words === "help") process.stdout.write(`${usage}\n`);
else process.exitCode = await fuzzAll(words);
