/** A fold begins at this share of the journal that may lie unfolded. */
const beginShare = 1 / 8;
/** Rows of the overlay at which a fold begins: each costs about 200 bytes of memory. */
const overlayRowsMax = 200_000;
/** Of both, while much waits: what a fold reads, and what it frees, are memory that is wanted then. */
const piledUpShare = 1 / 4;
/** What was written is in the tables after this long at the latest, in milliseconds. */
const ageMsMax = 15_000;

/**
 * When to fold. Seldom is better: the net effect of many epochs touches each page of the tables
 * once. But the journal, the overlay and the time of a restart grow until it is done.
 */
export class FoldSchedule {
  readonly #journalBytesMax: number;
  #unfoldedBytes = 0;
  #foldingBytes = 0;
  /** When the oldest unfolded bytes were written. */
  #oldestAtMs = 0;
  #hurry = false;

  constructor(journalBytesMax: number) {
    this.#journalBytesMax = journalBytesMax;
  }

  /** Bytes were appended to the journal that no fold under way takes along. */
  wrote(bytes: number, nowMs: number): void {
    if (this.#unfoldedBytes === 0) this.#oldestAtMs = nowMs;
    this.#unfoldedBytes += bytes;
  }

  /** Somebody needs memory back that a fold frees. */
  hurry(): void {
    this.#hurry = this.#unfoldedBytes > 0;
  }

  begun(): void {
    this.#foldingBytes = this.#unfoldedBytes;
    this.#unfoldedBytes = 0;
    this.#hurry = false;
  }

  ended(): void {
    this.#foldingBytes = 0;
  }

  /** So much is unfolded that ingress must wait. */
  get isBehind(): boolean {
    return this.#unfoldedBytes + this.#foldingBytes > this.#journalBytesMax;
  }

  /** Whether a fold should begin. Never while one is under way. */
  isDue(nowMs: number, overlayRows: number, isPiledUp = false): boolean {
    if (this.#foldingBytes > 0 || this.#unfoldedBytes === 0) return false;
    const share = isPiledUp ? piledUpShare : 1;
    const bytesMax = this.#journalBytesMax * beginShare * share;
    if (this.#hurry || this.#unfoldedBytes >= bytesMax) return true;
    return overlayRows >= overlayRowsMax * share || nowMs - this.#oldestAtMs >= ageMsMax;
  }

  /** When the next fold is due by age. */
  get nextDueMs(): number {
    const waits = this.#foldingBytes === 0 && this.#unfoldedBytes > 0;
    return waits ? this.#oldestAtMs + ageMsMax : Number.POSITIVE_INFINITY;
  }
}
