import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { present } from "../../core/assert.js";
import type { OutboxRecord } from "../../core/outbox.js";
import { makeDirectory } from "../../files/make-directory.js";
import type { FileEgressSpec } from "../../module/module.js";
import { encodeRecords } from "../record-text.js";
import { type Sink, type SinkStatus, sinkRunning } from "../sink.js";

/** Somebody must put the file right, or make room: no hurry, but no long wait once it is done. */
const retryMs = 1000;

const forkAdvice = "give the egress another path in the fork's module, or move the file away";

/**
 * Appends records to a file, each exactly once. The position is the file's length: what an earlier
 * run wrote beyond the acknowledged one is cut back, since the same records come again.
 *
 * A file that is not as its egress left it stops the egress, and nothing else. It goes on by itself
 * when the file is as it was: what was acknowledged is there, and nobody else has written.
 *
 * A fork begins with no file: one that is there is of the node that it was forked from, perhaps.
 */
export function createFileSink(spec: FileEgressSpec, logger: Logger, isFork = false): Sink {
  return new FileSink(spec, logger, isFork);
}

class FileSink implements Sink {
  readonly #spec: FileEgressSpec;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #handle: FileHandle | null = null;
  #length = 0;
  /** Whatever is at the path before this egress has made its file stays as it is. */
  #isFork: boolean;
  #status: SinkStatus = sinkRunning;
  /** Until the file is as an earlier run left it. */
  #opening: Promise<void> = Promise.resolve();

  constructor(spec: FileEgressSpec, logger: Logger, isFork: boolean) {
    this.#spec = spec;
    this.#isFork = isFork;
    this.#logger = logger;
  }

  async open(acknowledged: { readonly sequence: number; readonly position: number }) {
    const { sequence, position } = acknowledged;
    this.#length = position;
    // Records without a file: they were another lineage's.
    this.#isFork = position === 0 && (this.#isFork || sequence > 0);
    const found = position === 0 ? await findFile(this.#spec.path) : null;
    // Its first record makes the file: an empty one of its own would be a stranger's after a restart.
    if (this.#isFork && found === null) return;
    if (!this.#isFork && found !== null && found.size > 0) await this.#setAside(found.size);
    // A path that cannot be written is better known now than at the first record.
    const problem = position > 0 || this.#isFork ? await this.#tryTake() : await this.#take();
    if (problem === null) return;
    this.#setStatus({ state: "stopped", reason: problem });
    this.#opening = this.#takeWhenRight();
    this.#opening.catch(() => undefined);
  }

  async write(records: readonly OutboxRecord[]): Promise<number> {
    const bytes = encodeRecords(records, this.#spec.format);
    await this.#opening;
    await this.#takeWhenRight();
    while (!(await this.#append(present(this.#handle, "open file"), bytes))) await this.#wait();
    this.#length += bytes.length;
    return this.#length;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#handle?.close();
  }

  status(): SinkStatus {
    return this.#status;
  }

  /**
   * Nothing was acknowledged yet, so nobody knows whose bytes these are: those of a run that died
   * early, or somebody's file. They are kept under another name.
   */
  async #setAside(size: number): Promise<void> {
    const { path, id } = this.#spec;
    const aside = await freeName(path);
    await rename(path, aside);
    this.#logger.warn({ egress: id, path, aside, bytes: size }, "file of unknown origin set aside");
  }

  async #wait(): Promise<void> {
    await sleep(retryMs, undefined, { signal: this.#abort.signal });
  }

  async #takeWhenRight(): Promise<void> {
    for (;;) {
      const problem = await this.#tryTake();
      if (problem === null) break;
      this.#setStatus({ state: "stopped", reason: problem });
      await this.#wait();
    }
    this.#setStatus(sinkRunning);
  }

  /** As #take(); that it cannot be opened is a problem like another. */
  async #tryTake(): Promise<string | null> {
    try {
      return await this.#take();
    } catch (error) {
      this.#abort.signal.throwIfAborted();
      return error instanceof Error ? error.message : String(error);
    }
  }

  /**
   * Has the file that the path names open, with all that was acknowledged and nothing else.
   * @returns What keeps it from that; null: nothing.
   */
  async #take(): Promise<string | null> {
    const { path } = this.#spec;
    const written = this.#length;
    const found = await findFile(path);
    if (found === null && written > 0) {
      return `${path} does not exist, but its egress wrote ${written} bytes into it`;
    }
    if (this.#isFork && this.#handle === null && found !== null) {
      return `${path} is there, and this node is a fork that did not write it: ${forkAdvice}`;
    }
    const size = found?.size ?? 0;
    // Beyond the length, a file that this run has not had yet holds what an earlier one wrote.
    if (size < written || (size > written && this.#handle !== null)) {
      return `${path} is ${size} bytes long, but its egress wrote ${written} bytes`;
    }
    if (this.#handle === null || !(await isSameFile(this.#handle, found))) {
      await this.#handle?.close();
      this.#handle = await openDurably(path);
      this.#abort.signal.throwIfAborted();
    }
    if (size > written) await this.#cutBack(this.#handle, size);
    return null;
  }

  async #cutBack(handle: FileHandle, size: number): Promise<void> {
    const { path, id } = this.#spec;
    await handle.truncate(this.#length);
    await handle.sync();
    const bytes = size - this.#length;
    this.#logger.info({ egress: id, path, bytes }, "file cut back to the last acknowledged record");
  }

  /** Writes at the known length, whatever an earlier attempt left there. False: the disk is full. */
  async #append(handle: FileHandle, bytes: Buffer): Promise<boolean> {
    try {
      await writeAll(handle, bytes, this.#length);
      await handle.datasync();
    } catch (error) {
      if (!isFullDisk(error)) throw error;
      this.#setStatus({ state: "retrying", reason: error.message });
      return false;
    }
    this.#setStatus(sinkRunning);
    return true;
  }

  /** One line of log per change of state. */
  #setStatus(status: SinkStatus): void {
    const isChange = status.state !== this.#status.state;
    this.#status = status;
    if (!isChange) return;
    const { id, path } = this.#spec;
    const { state, reason } = status;
    if (state === "running") this.#logger.info({ egress: id, path }, "egress goes on");
    else if (state === "stopped")
      this.#logger.error({ egress: id, path, reason }, "egress stopped");
    else this.#logger.warn({ egress: id, path, reason }, "egress waits for room");
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.length - written;
    written += (await handle.write(bytes, written, rest, position + written)).bytesWritten;
  }
}

/** Opens the file; a new one survives a crash before the first record is in it. */
async function openDurably(path: string): Promise<FileHandle> {
  if ((await findFile(path)) !== null) return open(path, "r+");
  const made = makeDirectory(dirname(path));
  const handle = await open(path, "wx+");
  // Each folder in which there is a new name: that of the file, and those of the folders made.
  for (const name of [...made, path]) await syncFolder(dirname(name));
  return handle;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync();
  await folder.close();
}

/** Null: there is no such file. */
async function findFile(path: string): Promise<Stats | null> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    return stats;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

async function isSameFile(handle: FileHandle, found: Stats | null): Promise<boolean> {
  const { dev, ino } = await handle.stat();
  return found !== null && found.dev === dev && found.ino === ino;
}

async function freeName(path: string): Promise<string> {
  let number = 1;
  while ((await findFile(`${path}.${number}`)) !== null) number++;
  return `${path}.${number}`;
}

function isFullDisk(error: unknown): error is Error {
  return hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT");
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
