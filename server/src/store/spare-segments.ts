import { randomUUID } from "node:crypto";
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { preallocate } from "./segment.js";

/** One to switch to, and those on their way back from a fold. */
const sparesMax = 4;

const zeros = Buffer.alloc(256 * 1024);

/** Whether a file of the journal is a spare that is whole. */
export function isSpareName(name: string): boolean {
  return name.startsWith("spare-") && !name.endsWith(".tmp");
}

/**
 * Files of the size of a segment that hold nothing: made ahead and used again, so that a switch of
 * segments never waits for the disk to find room. What they still hold is of older epochs.
 */
export class SpareSegments {
  readonly #directory: string;
  readonly #bytes: number;
  readonly #paths: string[] = [];
  #preparing: Promise<void> | null = null;

  constructor(directory: string, bytes: number) {
    this.#directory = directory;
    this.#bytes = bytes;
    for (const name of readdirSync(directory)) {
      if (name.startsWith("spare-")) this.#adopt(name);
    }
  }

  /** Makes the file that was a segment a spare, or removes it when there are enough. */
  give(path: string): void {
    if (this.#paths.length >= sparesMax || statSync(path).size !== this.#bytes) {
      rmSync(path);
      return;
    }
    const spare = this.#newPath();
    renameSync(path, spare);
    this.#paths.push(spare);
  }

  /**
   * Gives a spare the name, which is durable with the header that comes next. Waits for the disk
   * only when no spare is ready.
   */
  take(path: string): void {
    const spare = this.#paths.pop();
    if (spare === undefined) this.create(path, this.#bytes);
    else renameSync(spare, path);
    if (this.#paths.length === 0) void this.prepare();
  }

  /** Makes a file of any size, in which nothing is. */
  create(path: string, bytes: number): void {
    preallocate(path, `${this.#newPath()}.tmp`, bytes);
  }

  /** Makes a spare, without holding up the loop. A full disk is found by whoever writes next. */
  prepare(): Promise<void> {
    this.#preparing ??= this.#prepare()
      .catch(() => undefined)
      .finally(() => {
        this.#preparing = null;
      });
    return this.#preparing;
  }

  /** Resolves when nothing is being made any more. */
  async close(): Promise<void> {
    await this.#preparing;
  }

  async #prepare(): Promise<void> {
    const path = this.#newPath();
    const temporary = `${path}.tmp`;
    const file = await open(temporary, "wx");
    try {
      for (let at = 0; at < this.#bytes; at += zeros.length) {
        await file.write(zeros, 0, Math.min(zeros.length, this.#bytes - at), at);
      }
      await file.datasync();
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    renameSync(temporary, path);
    this.#paths.push(path);
  }

  #newPath(): string {
    // Not by process id: in a container every run has the same, and spares outlive a run.
    return join(this.#directory, `spare-${randomUUID()}`);
  }

  /** Left over from an earlier run. One that was being made is not of full size, or still temporary. */
  #adopt(name: string): void {
    const path = join(this.#directory, name);
    const isUsable = isSpareName(name) && statSync(path).size === this.#bytes;
    if (!isUsable || this.#paths.length >= sparesMax) rmSync(path);
    else this.#paths.push(path);
  }
}
