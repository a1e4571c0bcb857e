import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type FraudServer, typeScriptServer } from "./fraud-run.js";

const example = fileURLToPath(new URL("../../", import.meta.url));
const pythonSdk = fileURLToPath(new URL("../../../../sdk-python/", import.meta.url));

/** What is not installed of what the three languages need; empty: all is there. */
export function missingToolchains(): readonly string[] {
  const python = process.env["PYTHON"] ?? "python3";
  const isOldPython = "import sys; sys.exit(sys.version_info < (3, 10))";
  return [
    ...(succeeds("go", ["version"]) ? [] : ["Go (go)"]),
    ...(succeeds(python, ["-c", isOldPython]) ? [] : [`Python 3.10 or later (${python})`]),
  ];
}

/**
 * Builds the server in Go, sets the Python SDK up, and names a function server for each language: the
 * transactions in TypeScript, the counter and the merchant in Go, the model in Python.
 *
 * @throws Error with what a build printed when it fails.
 */
export function preparePolyglotServers(directory: string): readonly FraudServer[] {
  const goProgram = join(directory, "fraud-server-go");
  run("go", ["build", "-o", goProgram, "."], join(example, "go"));
  run(join(pythonSdk, "setup"), [], pythonSdk);
  return [
    { ...typeScriptServer("fraud/transaction"), name: "TypeScript" },
    {
      functions: ["fraud/counter", "fraud/merchant"],
      name: "Go",
      program: goProgram,
      arguments: [],
    },
    {
      functions: ["fraud/model"],
      name: "Python",
      program: join(pythonSdk, ".venv/bin/python"),
      arguments: [join(example, "python/model.py")],
    },
  ];
}

function succeeds(program: string, words: readonly string[]): boolean {
  return spawnSync(program, words, { stdio: "ignore" }).status === 0;
}

function run(program: string, words: readonly string[], directory: string): void {
  execFileSync(program, words, { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
}
