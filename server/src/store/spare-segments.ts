import { join } from "node:path";
import type { Disk } from "./disk.js";
import { numberInHeader } from "./segment.js";

/** One to switch to, and those on their way back from a fold. */
const sparesMax = 4;

/** Of a name that is used once. */
const nameBytes = 16;

/** What a file is called that was going to be a segment, and is a spare again. */
export function spareName(segmentName: string): string {
  return `spare-${segmentName}`;
}

/** Whether a file of the journal is a spare that is whole. */
export function isSpareName(name: string): boolean {
  return name.startsWith("spare-") && !name.endsWith(".tmp");
}

/**
 * Files of the size of a segment that hold nothing: made ahead and used again, so that a switch of
 * segments never waits for the disk to find room. What they still hold is of older epochs.
 */
export class SpareSegments {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #bytes: number;
  readonly #paths: string[] = [];
  /** Files that nobody will use, and that stay until the journal has a segment. */
  readonly #useless: string[] = [];
  #numberMax = 0;
  #preparing: Promise<void> | null = null;

  constructor(disk: Disk, directory: string, bytes: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#bytes = bytes;
    for (const name of disk.names(directory)) {
      if (name.startsWith("spare-")) this.#adopt(name);
    }
  }

  /** The highest number that a spare of an earlier run has had as a segment; 0: none has. */
  get numberMax(): number {
    return this.#numberMax;
  }

  /** Removes what an earlier run has left and nobody can use. */
  removeUseless(): void {
    for (const path of this.#useless.splice(0)) this.#disk.remove(path);
  }

  /** Makes the file that was a segment a spare, or removes it when there are enough. */
  give(path: string): void {
    if (this.#paths.length >= sparesMax || this.#disk.size(path) !== this.#bytes) {
      this.#disk.remove(path);
      return;
    }
    const spare = this.#newPath();
    this.#disk.rename(path, spare);
    this.#paths.push(spare);
  }

  /**
   * Gives a spare the name, which the caller makes durable. Waits for the disk only when no spare is
   * ready.
   */
  take(path: string): void {
    const spare = this.#paths.pop();
    if (spare === undefined) this.create(path, this.#bytes);
    else this.#disk.rename(spare, path);
    if (this.#paths.length === 0) void this.prepare();
  }

  /** Makes a file of any size, in which nothing is. */
  create(path: string, bytes: number): void {
    const temporary = `${this.#newPath()}.tmp`;
    this.#disk.preallocate(temporary, bytes);
    this.#disk.rename(temporary, path);
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
    await this.#disk.preallocateAside(temporary, this.#bytes);
    this.#disk.rename(temporary, path);
    this.#paths.push(path);
  }

  #newPath(): string {
    // Not by process id: in a container every run has the same, and spares outlive a run.
    return join(this.#directory, `spare-${this.#disk.randomBytes(nameBytes).toString("hex")}`);
  }

  /** Left over from an earlier run. One that was being made is not of full size, or still temporary. */
  #adopt(name: string): void {
    const path = join(this.#directory, name);
    const isUsable = isSpareName(name) && this.#disk.size(path) === this.#bytes;
    if (isUsable) this.#numberMax = Math.max(this.#numberMax, numberInHeader(this.#disk, path));
    if (isUsable && this.#paths.length < sparesMax) this.#paths.push(path);
    else this.#useless.push(path);
  }
}
