import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import type { Disk, DiskFile } from "./disk.js";

const zeros = Buffer.alloc(1024 * 1024);
/** Written at a time while the loop runs beside it. */
const asideBytes = 256 * 1024;

/** The disk of the machine. */
export const systemDisk: Disk = {
  names: (directory) => readdirSync(directory),
  size: (path) => statSync(path).size,
  read,
  readInto,
  remove: (path) => rmSync(path),
  rename: (from, to) => renameSync(from, to),
  preallocate,
  preallocateAside,
  syncNames,
  open: (path) => new SystemFile(path),
  randomBytes: (count) => randomBytes(count),
};

class SystemFile implements DiskFile {
  readonly bytes: number;
  readonly #file: number;

  /** Every write is on disk when it returns: one system call instead of a write and an fdatasync. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_DSYNC);
    this.bytes = fstatSync(this.#file).size;
  }

  writeSync(data: Buffer, at: number): void {
    let done = 0;
    while (done < data.length) {
      done += writeSync(this.#file, data, done, data.length - done, at + done);
    }
  }

  write(data: Buffer, at: number, callback: (error: Error | null) => void): void {
    this.#write(data, { at, done: 0 }, callback);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(
    data: Buffer,
    { at, done }: { readonly at: number; readonly done: number },
    callback: (error: Error | null) => void,
  ): void {
    write(this.#file, data, done, data.length - done, at + done, (error, written) => {
      if (error !== null) callback(error);
      else if (done + written < data.length)
        this.#write(data, { at, done: done + written }, callback);
      else callback(null);
    });
  }
}

function read(path: string, bytesMax = Number.POSITIVE_INFINITY): Buffer {
  const bytes = Math.min(statSync(path).size, bytesMax);
  return readInto(Buffer.allocUnsafeSlow(bytes), path, 0);
}

function readInto(buffer: Buffer, path: string, from: number): Buffer {
  const file = openSync(path, "r");
  try {
    let done = 0;
    while (done < buffer.length) {
      const count = readSync(file, buffer, done, buffer.length - done, from + done);
      if (count === 0) break;
      done += count;
    }
    return buffer.subarray(0, done);
  } finally {
    closeSync(file);
  }
}

function preallocate(path: string, bytes: number): void {
  const file = openSync(path, "wx");
  try {
    let at = 0;
    while (at < bytes) at += writeSync(file, zeros, 0, Math.min(zeros.length, bytes - at), at);
    fdatasyncSync(file);
  } catch (error) {
    rmSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

async function preallocateAside(path: string, bytes: number): Promise<void> {
  const file = await open(path, "wx");
  try {
    for (let at = 0; at < bytes; at += asideBytes) {
      await file.write(zeros, 0, Math.min(asideBytes, bytes - at), at);
    }
    await file.datasync();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function syncNames(directory: string): void {
  const file = openSync(directory, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
