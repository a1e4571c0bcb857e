import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** How a service runs on this machine. */
export interface Program {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Succeeds when the service is healthy; empty: it has no health check. */
  readonly healthWords: readonly string[];
}

const healthIntervalMs = 300;
const logTailLines = 15;

/** A service as one process, where compose would have a container. It does not outlive this process. */
export class Container {
  readonly name: string;
  readonly #program: Program;
  readonly #logPath: string;
  #process: ChildProcess | undefined;
  #exit: Promise<unknown[]> = Promise.resolve([]);

  constructor(name: string, program: Program, logPath: string) {
    this.name = name;
    this.#program = program;
    this.#logPath = logPath;
    process.on("exit", () => this.#process?.kill("SIGKILL"));
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  start(): void {
    const [command = "", ...words] = this.#program.words;
    const child = spawn(command, words, {
      cwd: this.#program.directory,
      env: { ...outsideEnvironment(), ...this.#program.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = createWriteStream(this.#logPath, { flags: "a" });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#process = child;
    this.#exit = once(child, "close").finally(() => log.end());
    this.#exit.catch(() => undefined);
  }

  /** Resolves when the health check succeeds. @throws Error with the log when the process ends, or after the time. */
  async untilHealthy(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await this.#isHealthy())) {
      if (this.#process?.exitCode !== null) throw this.#failure("has ended");
      if (Date.now() > deadline) throw this.#failure(`is not healthy after ${timeoutMs} ms`);
      await wait(healthIntervalMs);
    }
  }

  /** Resolves when the process has ended with 0. @throws Error with the log when it ends with anything else. */
  async untilCompleted(): Promise<void> {
    const [code] = await this.#exit;
    if (code !== 0) throw this.#failure(`has ended with ${String(code)}`);
  }

  /** kill -9, and what `restart: unless-stopped` does then. */
  async crash(): Promise<void> {
    await this.stop("SIGKILL");
    this.start();
  }

  /** Sends the signal and resolves when the process is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.#process?.kill(signal);
    await this.#exit;
  }

  /** What it has printed so far. */
  log(): string {
    return readFileSync(this.#logPath, "utf8");
  }

  #isHealthy(): Promise<boolean> {
    const [command, ...words] = this.#program.healthWords;
    if (command === undefined) return Promise.resolve(true);
    const { environment, directory } = this.#program;
    const env = { ...outsideEnvironment(), ...environment };
    return new Promise((resolve) => {
      execFile(command, words, { cwd: directory, env }, (error) => resolve(error === null));
    });
  }

  #failure(what: string): Error {
    const tail = this.log().trimEnd().split("\n").slice(-logTailLines).join("\n");
    return new Error(`${this.name} ${what}; the end of ${this.#logPath}:\n${tail}`);
  }
}

/** A container would have none of this machine's settings either. */
function outsideEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME };
}
