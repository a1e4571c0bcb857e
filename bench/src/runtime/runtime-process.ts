import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { endWithParent } from "../process/child.js";

/** How a runtime is started. */
export interface RuntimeOptions {
  readonly moduleFile: string;
  readonly dataDirectory: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly logFile: string;
  /** Where CPU profiles go, one per thread; null: none are taken. */
  readonly profileDirectory: string | null;
}

/** A runtime as users start it, in a process of its own. */
export interface RuntimeProcess {
  readonly pid: number;
  /** From the start of the process until /readyz said yes. */
  readonly readyMs: number;
  /** SIGTERM; returns how long the end took, in milliseconds. */
  stop(): Promise<number>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

const readyTimeoutMs = 120_000;
const pollMs = 5;
const logCharactersShown = 2000;

/**
 * Starts a runtime and waits until it is ready.
 *
 * @throws Error with the end of its log when it ends before it is ready.
 */
export async function startRuntime(options: RuntimeOptions): Promise<RuntimeProcess> {
  const log = openSync(options.logFile, "a");
  const startMs = performance.now();
  const child = spawn(process.execPath, runtimeArguments(options), {
    stdio: ["ignore", log, log],
  });
  endWithParent(child);
  while (!(await isReady(options.httpPort))) {
    if (child.exitCode !== null) {
      const text = readFileSync(options.logFile, "utf8").slice(-logCharactersShown);
      throw new Error(`the runtime ended with ${child.exitCode}:\n${text}`);
    }
    if (performance.now() - startMs > readyTimeoutMs) {
      child.kill("SIGKILL");
      throw new Error(
        `the runtime was not ready after ${readyTimeoutMs} ms; see ${options.logFile}`,
      );
    }
    await setTimeout(pollMs);
  }
  const readyMs = performance.now() - startMs;
  return {
    pid: child.pid ?? 0,
    readyMs,
    stop: () => end(child, "SIGTERM"),
    async kill() {
      await end(child, "SIGKILL");
    },
  };
}

function runtimeArguments(options: RuntimeOptions): readonly string[] {
  const { profileDirectory } = options;
  const profile =
    profileDirectory === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDirectory}`];
  return [
    ...profile,
    commandPath(profileDirectory !== null),
    "run",
    options.moduleFile,
    "--data-dir",
    options.dataDirectory,
    "--grpc",
    `127.0.0.1:${options.grpcPort}`,
    "--http",
    `127.0.0.1:${options.httpPort}`,
  ];
}

/** A profile is of the files that the bundle was made from: it says in which of them time was spent. */
function commandPath(isProfiled: boolean): string {
  const manifest = createRequire(import.meta.url).resolve("statewire/package.json");
  return join(dirname(manifest), isProfiled ? "dist/src/main.js" : "bin/statewire.js");
}

function isReady(httpPort: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port: httpPort, path: "/readyz" }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return 0;
  const startMs = performance.now();
  child.kill(signal);
  await once(child, "exit");
  return performance.now() - startMs;
}
