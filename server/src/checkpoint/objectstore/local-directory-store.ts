import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { ObjectEntry, ObjectPage, ObjectStore } from "./object-store.js";
import { listKeysMax, ObjectStoreError } from "./object-store.js";

/** Names that are no objects: files that are being written, or were when a process died. */
const temporaryMark = ".writing-";

/** Nobody writes one object for so long. */
const abandonedAfterMs = 3_600_000;

const sync = promisify(fsync);

/**
 * Objects as files of a directory, which may be on a volume that several machines mount.
 *
 * An object is written under another name, made durable, and then renamed, or linked where only the
 * first may succeed: link() refuses a name that exists, on every file system.
 *
 * While the disk makes one object durable the next ones are written. It has one to do at a time: the
 * few threads that all of the process's asynchronous file calls share are the journal's too. All
 * other calls block their own thread.
 */
export function openLocalDirectory(directory: string): ObjectStore {
  return new LocalDirectoryStore(directory);
}

class LocalDirectoryStore implements ObjectStore {
  readonly name: string;
  readonly #directory: string;
  readonly #known = new Set<string>();
  #lastSync: Promise<unknown> = Promise.resolve();
  /** By folder: syncs that wait for their turn, and hold every name until then. */
  readonly #folderSyncs = new Map<string, Promise<void>>();

  constructor(directory: string) {
    this.#directory = directory;
    this.name = `file:${directory}`;
  }

  put(key: string, body: Buffer): Promise<void> {
    return this.#try(`put ${key}`, async () => {
      const path = this.#pathOf(key);
      const temporary = await this.#write(path, body);
      renameSync(temporary, path);
      await this.#syncFolder(dirname(path));
    });
  }

  putIfAbsent(key: string, body: Buffer): Promise<boolean> {
    return this.#try(`put ${key}`, async () => {
      const path = this.#pathOf(key);
      const temporary = await this.#write(path, body);
      const isFirst = tryLink(temporary, path);
      rmSync(temporary);
      // Also when another was first: what it has linked may not be durable yet.
      await this.#syncFolder(dirname(path));
      return isFirst;
    });
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#try(`get ${key}`, () => unlessMissing(() => readFileSync(this.#pathOf(key))));
  }

  list(prefix: string, after: string): Promise<ObjectPage> {
    return this.#try(`list ${prefix}`, () => {
      const objects: ObjectEntry[] = [];
      for (const key of this.#keysUnder(prefix)) {
        if (key <= after) continue;
        if (objects.length === listKeysMax) return { objects, more: true };
        const bytes = unlessMissing(() => statSync(this.#pathOf(key)).size);
        if (bytes !== undefined) objects.push({ key, bytes });
      }
      return { objects, more: false };
    });
  }

  delete(key: string): Promise<void> {
    return this.#try(`delete ${key}`, () => rmSync(this.#pathOf(key), { force: true }));
  }

  close(): void {
    // Nothing is open between two calls.
  }

  #pathOf(key: string): string {
    return join(this.#directory, key);
  }

  /** Writes a durable file beside the path, and returns its name. */
  async #write(path: string, body: Buffer): Promise<string> {
    this.#prepare(dirname(path));
    const temporary = join(dirname(path), `${temporaryMark}${randomUUID()}`);
    const file = openSync(temporary, "wx");
    try {
      writeFileSync(file, body);
      await this.#inTurn(() => sync(file));
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
    return temporary;
  }

  /** Makes the names of files in a folder durable: those that it has when the call is made, and more. */
  #syncFolder(folder: string): Promise<void> {
    const waiting = this.#folderSyncs.get(folder);
    if (waiting !== undefined) return waiting;
    const done = this.#inTurn(async () => {
      this.#folderSyncs.delete(folder);
      const directory = openSync(folder, "r");
      try {
        await sync(directory);
      } finally {
        closeSync(directory);
      }
    });
    this.#folderSyncs.set(folder, done);
    return done;
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#lastSync.then(act);
    this.#lastSync = done.catch(() => undefined);
    return done;
  }

  /** Makes a folder, its name durable, and free of what dead processes have left. */
  #prepare(folder: string): void {
    if (this.#known.has(folder)) return;
    const created = mkdirSync(folder, { recursive: true }) ?? folder;
    // Also the names of folders that are there: who made them may have died before they were durable.
    const outermost = Math.min(created.length, this.#directory.length + 1);
    for (let path = folder; path.length >= outermost; ) {
      path = dirname(path);
      syncDirectory(path);
    }
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(temporaryMark)) continue;
      const path = join(folder, name);
      const writtenAtMs = unlessMissing(() => statSync(path).mtimeMs) ?? Number.POSITIVE_INFINITY;
      if (writtenAtMs < Date.now() - abandonedAfterMs) rmSync(path, { force: true });
    }
    this.#known.add(folder);
  }

  /** In order of key: "a.b/" sorts behind "a-b" and before "a/b" as strings do, not as folders do. */
  #keysUnder(prefix: string): string[] {
    const keys: string[] = [];
    const folders = [prefix];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const path = join(this.#directory, folder);
      for (const entry of unlessMissing(() => readdirSync(path, { withFileTypes: true })) ?? []) {
        if (entry.isDirectory()) folders.push(`${folder}${entry.name}/`);
        else if (!entry.name.startsWith(temporaryMark)) keys.push(`${folder}${entry.name}`);
      }
    }
    return keys.sort();
  }

  async #try<T>(what: string, act: () => T | Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const isDenied = code === "EACCES" || code === "EPERM" || code === "EROFS";
      const isWrong = code === "ENOTDIR" || code === "EEXIST";
      const kind = isDenied ? "DENIED" : isWrong ? "MISCONFIGURED" : "UNAVAILABLE";
      throw new ObjectStoreError(kind, `cannot ${what} in ${this.name}: ${message}`, { cause });
    }
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      rmSync(from, { force: true });
      throw error;
    }
    return false;
  }
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

/** Makes the names of files in a directory durable. */
function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
