import { statfsSync } from "node:fs";
import { StoreError } from "./store-error.js";

/** For what a transaction writes besides its entries: the tree's upper pages, the list of free ones. */
const reserveBytes = 2 * 1024 * 1024;

const pageBytes = 4096;

/** What putting a value of so many bytes adds to the file at the most: its page anew, and it may split. */
export function bytesOfPut(valueBytes: number): number {
  return 2 * pageBytes + (valueBytes < pageBytes / 2 ? 0 : valueBytes + pageBytes);
}

/**
 * Keeps LMDB from a full disk. When a write of its fails it overruns a buffer of its own, so that the
 * process may end by a signal: so a transaction begins only where there is room, and ends before there
 * is none.
 */
export class TransactionRoom {
  readonly #directory: string;
  #freeBytes = 0;
  #spentBytes = 0;
  #isOpen = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Runs what opens and ends a transaction.
   *
   * @throws StoreError WRITE_FAILED when there is no room for the smallest one.
   */
  run<T>(act: () => T): T {
    this.#begin();
    this.#isOpen = true;
    try {
      return act();
    } finally {
      this.#isOpen = false;
    }
  }

  /**
   * Before a write; outside of run() it is a transaction of its own.
   *
   * @throws StoreError WRITE_FAILED when the transaction would not fit any more.
   */
  spend(bytes: number): void {
    if (!this.#isOpen) this.#begin();
    this.#spentBytes += bytes;
    if (this.#spentBytes > this.#freeBytes) throw this.#full();
  }

  /** Whether the transaction may go on; else it should end, and another begin. */
  get isLeft(): boolean {
    return this.#spentBytes + bytesOfPut(0) <= this.#freeBytes;
  }

  #begin(): void {
    const { bavail, bsize } = statfsSync(this.#directory);
    this.#freeBytes = bavail * bsize;
    this.#spentBytes = reserveBytes;
    if (!this.isLeft) throw this.#full();
  }

  #full(): StoreError {
    return new StoreError(
      "WRITE_FAILED",
      `no space left on device: ${this.#directory} has ${this.#freeBytes} bytes free, and writing ` +
        `there may take ${this.#spentBytes}`,
    );
  }
}
