import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A function server in a process of its own; it comes back on the same port. */
export class FunctionServerProcess {
  address = "127.0.0.1:0";
  readonly #script: string;
  #process: ChildProcess | null = null;

  constructor(script: URL) {
    this.#script = fileURLToPath(script);
  }

  async start(...words: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [this.#script, this.address, ...words], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    this.address = line.toString().trim();
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }
}
