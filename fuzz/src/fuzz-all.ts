import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FuzzOptions } from "./command-line.js";
import type { FuzzProgress } from "./fuzz.js";
import { claim, fuzzVariables } from "./fuzz.js";
import { ProgressLine } from "./progress-line.js";

const workspace = fileURLToPath(new URL("../../../", import.meta.url));
const tests = "{server,sdk-ts}/dist/**/*.fuzz.test.js";

/** A seed takes well under a second: one that has taken this long, in ms, never ends. */
const hangMs = 60_000;
/** What no decoder may take for a hundred inputs of some kilobytes, with what mocha takes. */
const heapMegabytesMax = 512;

/**
 * Runs the fuzz tests in a process of their own, which may hang or run out of memory.
 *
 * @returns The exit code.
 */
export function fuzzAll({ seconds, only, seed }: FuzzOptions): Promise<number> {
  const mocha = join(
    createRequire(import.meta.url).resolve("mocha/package.json"),
    "../bin/mocha.js",
  );
  const env: NodeJS.ProcessEnv = { ...process.env, [fuzzVariables.seconds]: String(seconds) };
  env[fuzzVariables.only] = only;
  if (seed !== undefined) env[fuzzVariables.seed] = String(seed);
  const child = fork(mocha, [tests, "--fail-zero", "--grep", claim], {
    cwd: workspace,
    env,
    execArgv: [`--max-old-space-size=${heapMegabytesMax}`],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const line = new ProgressLine(seconds);
  let last: FuzzProgress | undefined;
  const hang = setTimeout(() => child.kill("SIGKILL"), hangMs);
  child.on("message", (progress: FuzzProgress) => {
    last = progress;
    hang.refresh();
    line.show(progress);
  });
  child.stdout?.on("data", (text: Buffer) => {
    line.clear();
    process.stdout.write(text);
  });
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(hang);
      line.clear();
      if (signal !== null && last !== undefined) {
        const ended = signal === "SIGKILL" ? "never ended" : `ended the process by ${signal}`;
        const again = `npm run fuzz -- --only "${last.name}" --seed ${last.seed}`;
        process.stdout.write(`${last.name} ${ended}\n\nAgain: ${again}\n`);
      }
      resolve(code === 0 ? 0 : 1);
    });
  });
}
