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

/** Somebody must make room: no hurry, but no long wait once it is there. */
const fullDiskRetryMs = 1000;

/**
 * Appends records to a file, each exactly once. The position is the file's length: what an earlier
 * run wrote beyond the acknowledged one is cut back, since the same records come again.
 */
export function createFileSink(spec: FileEgressSpec, logger: Logger): Sink {
  return new FileSink(spec, logger);
}

class FileSink implements Sink {
  readonly #spec: FileEgressSpec;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #handle: FileHandle | null = null;
  #length = 0;
  #status: SinkStatus = sinkRunning;

  constructor(spec: FileEgressSpec, logger: Logger) {
    this.#spec = spec;
    this.#logger = logger;
  }

  async open({ position }: { readonly position: number }): Promise<void> {
    const { path } = this.#spec;
    const size = await fileLength(path);
    if (size === null && position > 0) {
      throw new Error(`${path} does not exist, but ${position} bytes of it were written before`);
    }
    if (size !== null && size < position) {
      throw new Error(
        `${path} is ${size} bytes long, but ${position} bytes of it were written before`,
      );
    }
    this.#length = position;
    if (position === 0 && size !== null && size > 0) await this.#setAside(size);
    // A path that cannot be written is better known now than at the first record.
    this.#handle = await openDurably(path);
    if (position > 0 && size !== null && size > position) await this.#cutBack(this.#handle, size);
  }

  async write(records: readonly OutboxRecord[]): Promise<number> {
    const bytes = encodeRecords(records, this.#spec.format);
    const handle = present(this.#handle, "open file");
    await this.#checkLength(handle);
    while (!(await this.#append(handle, bytes))) {
      await sleep(fullDiskRetryMs, undefined, { signal: this.#abort.signal });
    }
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

  async #cutBack(handle: FileHandle, size: number): Promise<void> {
    const { path, id } = this.#spec;
    await handle.truncate(this.#length);
    await handle.sync();
    const bytes = size - this.#length;
    this.#logger.info({ egress: id, path, bytes }, "file cut back to the last acknowledged record");
  }

  /** Somebody else's bytes in the file would be overwritten, or leave a hole. */
  async #checkLength(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    if (size === this.#length) return;
    throw new Error(
      `${this.#spec.path} is ${size} bytes long, but its egress wrote ${this.#length} bytes`,
    );
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

  #setStatus(status: SinkStatus): void {
    if (status.state === this.#status.state) return;
    this.#status = status;
    const { id, path } = this.#spec;
    if (status.state === "running") this.#logger.info({ egress: id, path }, "egress goes on");
    else this.#logger.warn({ egress: id, path, reason: status.reason }, "egress waits for room");
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
  if ((await fileLength(path)) !== null) return open(path, "r+");
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
async function fileLength(path: string): Promise<number | null> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    return stats.size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

async function freeName(path: string): Promise<string> {
  let number = 1;
  while ((await fileLength(`${path}.${number}`)) !== null) number++;
  return `${path}.${number}`;
}

function isFullDisk(error: unknown): error is Error {
  return hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT");
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
