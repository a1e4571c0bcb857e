import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** How a process ended: one of the two is set. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a child is started with. */
export interface ChildOptions {
  /** For messages to people. */
  readonly name: string;
  /**
   * A program that is not Node's. It ends with this process, except when that is killed by SIGKILL:
   * nobody tells it then. Default: Node.
   */
  readonly program?: string;
  /** The program's; for Node a script and its arguments. */
  readonly arguments: readonly string[];
  /** Where it runs. */
  readonly directory: string;
  /** What it prints, on either stream, is appended here. */
  readonly logPath: string;
  /** Variables beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

const logTailLines = 12;
const living = new Set<Child>();

const endWithParent = new URL("./end-with-parent.js", import.meta.url).href;

/**
 * A process that does not outlive this one: whatever ends this process kills the child first, and
 * after SIGKILL the child learns that its standard input has ended.
 *
 * STATES: running, then exited for good. `exited` resolves once, with the exit.
 */
export class Child {
  readonly name: string;
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcess;
  readonly #logPath: string;
  #exit: ChildExit | undefined;

  constructor(options: ChildOptions) {
    killChildrenAtExit();
    this.name = options.name;
    this.#logPath = options.logPath;
    const nodeArguments = options.program === undefined ? ["--import", endWithParent] : [];
    const program = options.program ?? process.execPath;
    this.#process = spawn(program, [...nodeArguments, ...options.arguments], {
      cwd: options.directory,
      env: { ...environmentWithoutSettings(), ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    living.add(this);
    const log = createWriteStream(options.logPath, { flags: "a" });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk) => log.write(chunk));
    }
    // What it printed is in the log by then: whoever waits for the end may want to show it.
    this.exited = this.#whenExited().then(async (exit) => {
      await new Promise((done) => log.end(done));
      return exit;
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** Sends the signal and resolves when the process is gone. */
  async kill(signal: NodeJS.Signals): Promise<ChildExit> {
    if (this.isRunning) this.#process.kill(signal);
    return await this.exited;
  }

  /** Sends SIGTERM, and SIGKILL when the process is still there after the given time. */
  async stop(graceMs: number): Promise<ChildExit> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), graceMs);
    try {
      return await this.kill("SIGTERM");
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * The first line on standard output that `match` makes something of.
   *
   * @throws Error with the end of the log, when the process ends without printing such a line.
   */
  async line<T>(match: (line: string) => T | undefined): Promise<T> {
    const lines = createInterface({ input: this.#stdout });
    try {
      for await (const line of lines) {
        const found = match(line);
        if (found !== undefined) return found;
      }
    } finally {
      lines.close();
      this.#stdout.resume();
    }
    await this.exited;
    throw this.failure();
  }

  /** An error that says how the process ended, with the end of its log. */
  failure(): Error {
    const how =
      this.#exit === undefined
        ? "is still running"
        : `ended with ${this.#exit.signal ?? `exit code ${this.#exit.code}`}`;
    return new Error(`${this.name} ${how}; the end of ${this.#logPath}:\n${this.#logTail()}`);
  }

  /** For the end of this process, when nothing can be waited for. */
  killNow(): void {
    if (this.isRunning) this.#process.kill("SIGKILL");
  }

  get #stdout(): Readable {
    const { stdout } = this.#process;
    if (stdout === null) throw new Error(`${this.name} has no standard output`);
    return stdout;
  }

  async #whenExited(): Promise<ChildExit> {
    try {
      const [code, signal] = await once(this.#process, "close");
      this.#exit = { code, signal };
    } catch {
      // The only rejection is an "error" event: the process could not be started.
      this.#exit = { code: 127, signal: null };
    }
    living.delete(this);
    return this.#exit;
  }

  #logTail(): string {
    const lines = readFileSync(this.#logPath, "utf8").trimEnd().split("\n");
    return lines.slice(-logTailLines).join("\n");
  }
}

/** An example runs on the runtime's defaults, whatever is set where it is started. */
function environmentWithoutSettings(): NodeJS.ProcessEnv {
  const names = Object.entries(process.env).filter(([name]) => !name.startsWith("STATEWIRE_"));
  return Object.fromEntries(names);
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
let installed = false;

function killChildrenAtExit(): void {
  if (installed) return;
  installed = true;
  process.on("exit", killChildren);
  for (const [signal, number] of Object.entries(signalNumbers)) {
    process.once(signal, () => process.exit(128 + number));
  }
}

function killChildren(): void {
  for (const child of living) child.killNow();
}
