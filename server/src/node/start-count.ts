import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A node that has run for so long has not died of what it started with. */
const settledMs = 60_000;

/**
 * How often in a row a node has died soon after its start, in a file of the data directory: a number
 * that each start raises before a message runs, and that a node takes back when it has run for a
 * minute or stops in order.
 */
export class StartCount {
  readonly #path: string;
  #timer: NodeJS.Timeout | null = null;
  /** Starts before this one that came to nothing. */
  readonly died: number;

  constructor(directory: string) {
    this.#path = join(directory, "starts");
    this.died = read(this.#path);
  }

  /** From now on messages run. @throws Error of the system when that cannot be noted. */
  begin(): void {
    write(this.#path, this.died + 1);
    this.#timer = setTimeout(() => this.settle(), settledMs);
    this.#timer.unref();
  }

  /** The node has not died of its start, whatever comes. */
  settle(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  /** The node stops, and that need not be in order. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

/** 0 when there is none, or what is there is none of ours: then nothing is known. */
function read(path: string): number {
  try {
    const text = readFileSync(path, "utf8");
    return /^\d{1,9}\n$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}

function write(path: string, count: number): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, `${count}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
