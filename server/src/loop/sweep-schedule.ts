/** Between two sweeps, in milliseconds: expired rows lie about so much longer than they must. */
const pauseMs = 5_000;
/** At least, in the middle of a long sweep. */
const cutPauseMsMin = 10;

/** What a sweep says about the next one. */
export interface SweepOutcome {
  /** It ended at its limit, and more is due. */
  readonly isCut: boolean;
  readonly nextExpiryMs: number | null;
  readonly durationMs: number;
}

/**
 * When to remove expired rows from the tables: not before one has expired, so that an idle node does
 * nothing; many at a time; and at most half of the time, because folds wait for a sweep.
 */
export class SweepSchedule {
  /** Null: nothing ever expires. */
  #nextExpiryMs: number | null;
  #notBeforeMs = 0;
  #isUnderWay = false;

  constructor(nextExpiryMs: number | null) {
    this.#nextExpiryMs = nextExpiryMs;
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** When the next sweep is due, in milliseconds since the Unix epoch; infinity: none is. */
  get nextDueMs(): number {
    if (this.#isUnderWay || this.#nextExpiryMs === null) return Number.POSITIVE_INFINITY;
    return Math.max(this.#nextExpiryMs, this.#notBeforeMs);
  }

  /** Whether a sweep should begin. Never while one is under way. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.nextDueMs;
  }

  /** A fold has written rows. */
  noteExpiry(nextExpiryMs: number | null): void {
    this.#nextExpiryMs = nextExpiryMs;
  }

  begun(): void {
    this.#isUnderWay = true;
  }

  ended({ isCut, nextExpiryMs, durationMs }: SweepOutcome, nowMs: number): void {
    this.#isUnderWay = false;
    this.#nextExpiryMs = nextExpiryMs;
    this.#notBeforeMs = nowMs + (isCut ? Math.max(cutPauseMsMin, durationMs) : pauseMs);
  }

  /** The sweep under way will never end. */
  abandoned(): void {
    this.#isUnderWay = false;
    this.#nextExpiryMs = null;
  }
}
