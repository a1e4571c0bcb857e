import type { FSWatcher, Stats } from "node:fs";
import { watch } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, stat } from "node:fs/promises";

/** Not every file system reports changes: what watching misses is seen this much later. */
const pollIntervalMs = 500;

/** Bytes per read while lines are counted. */
const countChunkBytes = 1 << 18;

/**
 * A file that is read from the front and may grow meanwhile. Nothing else may happen to it: a file
 * that shrinks or is replaced is an error, for positions in it have lost their meaning.
 */
export class FileSource {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #inode: number;
  readonly #change: FileChange;
  #size: number;
  /** The last line number asked for: the next one is counted from there. */
  #lineOffset = 0;
  #line = 1;

  private constructor(path: string, handle: FileHandle, stats: Stats) {
    this.path = path;
    this.#handle = handle;
    this.#inode = stats.ino;
    this.#size = stats.size;
    this.#change = new FileChange(path);
  }

  /**
   * @throws Error when the file cannot be read, or is not a regular file: a pipe has no positions
   * to come back to.
   */
  static async open(path: string): Promise<FileSource> {
    const handle = await open(path, "r");
    const stats = await handle.stat();
    if (stats.isFile()) return new FileSource(path, handle, stats);
    await handle.close();
    throw new Error(`${path} is not a regular file`);
  }

  /** The file's length in bytes when it was last looked at. */
  get size(): number {
    return this.#size;
  }

  /** Fills the buffer from an offset; returns fewer bytes than it holds only at the end. */
  async read(buffer: Buffer, offset: number): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read({
        buffer,
        offset: filled,
        length: buffer.length - filled,
        position: offset + filled,
      });
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  /**
   * Looks at the file's length again.
   * @param offset How much of it was read.
   * @throws Error when it is shorter than that.
   */
  async checkLength(offset: number): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size < offset) {
      throw new Error(
        `${this.path} was cut to ${size} bytes after ${offset} bytes of it were read`,
      );
    }
    this.#size = size;
  }

  /** What has become of the file's name; null when it is still this file's. */
  async nameProblem(): Promise<string | null> {
    const named = await stat(this.path).catch(ignoreMissing);
    if (named === null) return `${this.path} was moved or removed while it was read`;
    if (named.ino === this.#inode) return null;
    return `${this.path} was replaced by another file while it was read`;
  }

  /** Resolves when the file may have changed, or the signal is aborted. */
  waitForChange(signal: AbortSignal): Promise<void> {
    return this.#change.wait(signal);
  }

  /** The number, from 1, of the line that an offset is in. Offsets may be asked in any order. */
  async lineAt(offset: number): Promise<number> {
    if (offset < this.#lineOffset) {
      this.#lineOffset = 0;
      this.#line = 1;
    }
    const buffer = Buffer.allocUnsafe(countChunkBytes);
    while (this.#lineOffset < offset) {
      const wanted = Math.min(buffer.length, offset - this.#lineOffset);
      const length = await this.read(buffer.subarray(0, wanted), this.#lineOffset);
      if (length === 0) break;
      for (
        let at = buffer.indexOf(0x0a);
        at >= 0 && at < length;
        at = buffer.indexOf(0x0a, at + 1)
      ) {
        this.#line++;
      }
      this.#lineOffset += length;
    }
    return this.#line;
  }

  async close(): Promise<void> {
    this.#change.close();
    await this.#handle.close();
  }
}

/** Resolves when there is a file of that name; false when the signal is aborted before. */
export async function waitForFile(path: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if ((await stat(path).catch(ignoreMissing)) !== null) return true;
    await waitAtMost(pollIntervalMs, signal, () => undefined);
  }
  return false;
}

function ignoreMissing(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}

/** Watches a file where the file system can, and asks again after a while in any case. */
class FileChange {
  readonly #path: string;
  #watcher: FSWatcher | null = null;
  #isWatching = false;
  #hasChanged = false;
  #wake: () => void = () => undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isWatching) this.#watch();
    if (!this.#hasChanged) {
      await waitAtMost(pollIntervalMs, signal, (wake) => {
        this.#wake = wake;
      });
    }
    this.#hasChanged = false;
  }

  close(): void {
    this.#watcher?.close();
  }

  #watch(): void {
    this.#isWatching = true;
    // What was written before the watch began would not be reported.
    this.#hasChanged = true;
    try {
      this.#watcher = watch(this.#path, { persistent: false });
    } catch {
      // Out of watches, or a file system without them: polling alone serves.
      return;
    }
    this.#watcher.on("change", () => {
      this.#hasChanged = true;
      this.#wake();
    });
    this.#watcher.on("error", () => this.#watcher?.close());
  }
}

/** Waits for a call of the given wake function, for a time, or for the signal. */
function waitAtMost(
  timeMs: number,
  signal: AbortSignal,
  onWaiting: (wake: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, timeMs);
    signal.addEventListener("abort", end, { once: true });
    onWaiting(end);
  });
}
