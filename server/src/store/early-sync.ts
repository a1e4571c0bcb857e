import { closeSync, fdatasync, openSync } from "node:fs";

/** So much is written before the disk is told to begin. */
const syncBytes = 64 * 1024 * 1024;

/**
 * Lets the disk write a file while it is being filled, so that little is left for the sync at the
 * end. Promises nothing: whoever has filled the file synchronizes it.
 */
export class EarlySync {
  readonly #file: number;
  #bytes = 0;
  #syncing: Promise<void> | null = null;
  #isOpen = true;

  /** The file is there. */
  constructor(path: string) {
    this.#file = openSync(path, "r+");
  }

  /** So many bytes more have been written. */
  note(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < syncBytes || this.#syncing !== null) return;
    this.#bytes = 0;
    this.#syncing = new Promise((resolve) => {
      fdatasync(this.#file, () => {
        this.#syncing = null;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    await this.#syncing;
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }
}
