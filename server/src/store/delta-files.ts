import { readdirSync, rmSync, statSync, unlink } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../files/make-directory.js";
import type { DeltaFile } from "./delta-file.js";
import { deltaName, parseDeltaName } from "./delta-file.js";

/** A checkpoint has all of them open at once. */
const filesMax = 256;

/**
 * The delta files of a data directory, oldest first: an unbroken row of epochs that ends with the
 * folded one. When there are too many, in bytes or in number, the oldest go, and the next checkpoint is a whole
 * image again.
 */
export class DeltaFiles {
  readonly directory: string;
  readonly #bytesMax: number;
  readonly #files: DeltaFile[] = [];

  /** Files of epochs that the tables do not hold are of a fold that did not end: they go. */
  constructor(directory: string, bytesMax: number, foldedEpoch: number) {
    makeDirectory(directory);
    this.directory = directory;
    this.#bytesMax = bytesMax;
    const found: DeltaFile[] = [];
    for (const name of readdirSync(directory).sort()) {
      const path = join(directory, name);
      const epochs = parseDeltaName(name);
      if (epochs === undefined || epochs.toEpoch > foldedEpoch) rmSync(path);
      else found.push({ path, ...epochs, bytes: statSync(path).size });
    }
    for (const file of found) this.#add(file);
  }

  get files(): readonly DeltaFile[] {
    return this.#files;
  }

  get bytes(): number {
    return this.#files.reduce((bytes, file) => bytes + file.bytes, 0);
  }

  /** A fold has ended, and its file is there. */
  folded(fromEpoch: number, toEpoch: number): void {
    const path = join(this.directory, deltaName(fromEpoch, toEpoch));
    this.#add({ path, fromEpoch, toEpoch, bytes: statSync(path).size });
    while (this.bytes > this.#bytesMax || this.#files.length > filesMax) this.#removeFirst();
  }

  /** Nobody needs the epochs up to this one any more. */
  release(epoch: number): void {
    while ((this.#files[0]?.toEpoch ?? Number.POSITIVE_INFINITY) <= epoch) this.#removeFirst();
  }

  #add(file: DeltaFile): void {
    const last = this.#files.at(-1);
    if (last !== undefined && last.toEpoch !== file.fromEpoch) this.release(last.toEpoch);
    this.#files.push(file);
  }

  /** Nobody waits for it: a large file takes as long as the loop may not be held up. */
  #removeFirst(): void {
    const file = this.#files.shift();
    if (file !== undefined) unlink(file.path, ignoreLeft);
  }
}

/** The next start finds a file that is still there, and decides about it again. */
function ignoreLeft(): void {
  // It costs its bytes on disk until then, and nothing else.
}
