import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../../bin/statewire.js", import.meta.url));

/** A `statewire run` in a process of its own, on ports that are free. */
export class StatewireProcess {
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;
  #stdout = "";
  #stderr = "";
  #changed: () => void = () => undefined;

  /** `words`: what else stands on the command line. */
  constructor(options: {
    module: string;
    directory: string;
    words?: readonly string[];
    /** Beside that of the tests. */
    environment?: Readonly<Record<string, string>>;
  }) {
    const { module, directory, words = [], environment = {} } = options;
    writeFileSync(join(directory, "module.yaml"), module);
    const free = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    this.#process = spawn(
      process.execPath,
      [script, "run", "module.yaml", ...free, "--json", ...words],
      {
        cwd: directory,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...environment },
      },
    );
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString();
      this.#changed();
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
      this.#changed();
    });
    this.#exited = new Promise((resolve) => {
      // Not "exit": what it wrote last is read by then.
      this.#process.on("close", (code) => {
        this.#changed();
        resolve(code);
      });
    });
  }

  /** The addresses of the node, when it is ready. */
  async ready(): Promise<{
    readonly grpcAddress: string;
    readonly httpAddress: string;
    readonly playground: Readonly<Record<string, string>>;
  }> {
    await this.#until(() => this.#stdout.includes("\n"));
    return JSON.parse(this.#stdout.slice(0, this.#stdout.indexOf("\n")));
  }

  /** Waits for a line of the log that holds the text. */
  logged(text: string): Promise<void> {
    return this.#until(() => this.#stderr.includes(text));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get log(): string {
    return this.#stderr;
  }

  get messages(): string[] {
    const lines = this.#stderr.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line).msg);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** What ended the process; null: nothing has, or it has ended by itself. */
  get endSignal(): NodeJS.Signals | null {
    return this.#process.signalCode;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Waits for the end of the process. */
  exitCode(): Promise<number | null> {
    return this.#exited;
  }

  /** Ends the process if it runs, whatever it is doing. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.hasEnded) {
        throw new Error(`statewire ended early:\n${this.#stdout}${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
