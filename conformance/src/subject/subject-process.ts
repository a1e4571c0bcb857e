import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** The subject could not be started, or went away. */
export class SubjectError extends Error {}

/** Lines of the subject's standard error that a report shows. */
const linesMax = 50;

/** The process under test. */
export class SubjectProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<() => unknown>();
  #exit: string | undefined;
  #signalled = false;

  /** @param environment What the subject is told, beside the kit's own environment. */
  constructor(command: readonly string[], environment: { readonly [name: string]: string }) {
    const [file = "", ...args] = command;
    this.#child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.setEncoding("utf8").on("data", (text: string) => this.#note(text));
    }
    this.#child.on("error", (error) => {
      this.#exit ??= error.message;
      this.#changed();
    });
    this.#child.on("exit", (code, signal) => {
      this.#exit ??= signal === null ? `exit code ${code}` : `signal ${signal}`;
      this.#changed();
    });
  }

  /** How it ended; undefined while it runs. */
  get exit(): string | undefined {
    return this.#exit;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last lines that it printed. */
  get output(): string {
    return this.#lines.join("\n");
  }

  /** How it ended; undefined when it still runs after the time. */
  async exitWithin(withinMs: number): Promise<string | undefined> {
    if (this.#exit === undefined)
      await this.#changeWithin(withinMs, () => this.#exit !== undefined);
    return this.#exit;
  }

  /** Whether what it printed satisfies a condition, now or within the time. */
  async printedWithin(withinMs: number, is: (output: string) => boolean): Promise<boolean> {
    return is(this.output) || this.#changeWithin(withinMs, () => is(this.output));
  }

  #changeWithin(withinMs: number, holds: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const check = () => holds() && finish(true);
      const timer = setTimeout(() => finish(false), withinMs);
      const finish = (held: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve(held);
      };
      this.#watchers.add(check);
    });
  }

  #changed(): void {
    for (const check of [...this.#watchers]) check();
  }

  /** Whether it was asked to end, or has ended. */
  get isEnding(): boolean {
    return this.#signalled || this.#exit !== undefined;
  }

  kill(signal: NodeJS.Signals): void {
    this.#signalled = true;
    this.#child.kill(signal);
  }

  /** Asks it to stop, and kills it when it has not after a while. */
  async stop(patienceMs: number): Promise<void> {
    if (this.#exit !== undefined) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
    await gone;
    clearTimeout(timer);
  }

  #note(text: string): void {
    this.#lines.push(...text.split("\n").filter((line) => line !== ""));
    if (this.#lines.length > linesMax) this.#lines.splice(0, this.#lines.length - linesMax);
    this.#changed();
  }
}
