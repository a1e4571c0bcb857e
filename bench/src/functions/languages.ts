import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * A language with an SDK. Both commands listen on BENCH_ADDRESS, and end by SIGTERM; the first word is
 * a program, by its path where it is one of the repository.
 */
export interface Language {
  readonly name: string;
  /** Serves bench/counter with the SDK. */
  readonly counter: readonly [program: string, ...rest: string[]];
  /**
   * Answers frames of invocations with the language's gRPC library and generated code, and nothing
   * else: what the SDK cannot be faster than. Null: the framed echo of every run is that.
   */
  readonly echo: readonly [program: string, ...rest: string[]] | null;
  /** What makes the programs, when they are not there. */
  readonly made: string;
}

const python = inRepository("sdk-python/.venv/bin/python");

/** Every language that the benchmark knows. */
export const languages: readonly Language[] = [
  {
    name: "TypeScript",
    counter: [
      process.execPath,
      fileURLToPath(new URL("../functions/typescript-counter.js", import.meta.url)),
    ],
    echo: null,
    made: "npm run build",
  },
  {
    name: "Python",
    counter: [python, inRepository("bench/python/counter_server.py")],
    echo: [python, inRepository("bench/python/echo_server.py")],
    made: "sdk-python/setup",
  },
  {
    name: "Go",
    counter: [inRepository("bench/go/dist/counter")],
    echo: [inRepository("bench/go/dist/echo")],
    made: "bench/go/build",
  },
];

/** Whether the language's programs are there. */
export function isInstalled(language: Language): boolean {
  return existsSync(language.counter[0]);
}

function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
}
