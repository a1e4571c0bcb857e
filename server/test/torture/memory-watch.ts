import { readFileSync } from "node:fs";

const intervalMs = 20;

/**
 * Watches how much memory a process has of its own, in bytes: heap, buffers, stacks, and not the
 * pages of files that are mapped, which the system may take back. Only Linux tells.
 */
export class MemoryWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  /** The most since it was last asked for. */
  #bytesMax = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), intervalMs);
    this.#timer.unref();
  }

  /** The most since the last call. */
  takeMax(): number {
    this.#look();
    const bytes = this.#bytesMax;
    this.#bytesMax = 0;
    return bytes;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readStatus(this.#pid)) ?? [];
    this.#bytesMax = Math.max(this.#bytesMax, Number(kib ?? 0) * 1024);
  }
}

/** Empty when the process has ended. */
function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
