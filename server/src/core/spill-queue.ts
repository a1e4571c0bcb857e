/** What a spill queue holds: entries in rising order of sequence. */
export interface Spillable {
  readonly sequence: number;
  /** The epoch that stored the entry; 0: none yet. */
  readonly storedEpoch: number;
}

/** Reads up to `limit` entries with after < sequence <= last from the tables, in order. */
export type SpillReader<T> = (after: number, last: number, limit: number) => T[];

/**
 * A first-in first-out queue whose middle may lie in the tables only.
 *
 *     [ head: in memory ] [ spilled: in the tables, known by count ] [ tail: in memory ]
 *
 * INVARIANTS
 * - Every entry of head is older than every spilled one, and those than every entry of tail.
 * - An entry is spilled only when the tables hold it (its epoch is folded), so that reading it back
 *   needs the tables alone.
 * - tail is empty while nothing is spilled.
 */
export class SpillQueue<T extends Spillable> {
  #head: T[] = [];
  #headAt = 0;
  #spilledCount = 0;
  #spilledLast = 0;
  #tail: T[] = [];
  #lastTaken = 0;

  /** Entries, spilled ones included. */
  get length(): number {
    return this.inMemoryFront + this.#spilledCount + this.#tail.length;
  }

  /** Entries that front() can see now. */
  get inMemoryFront(): number {
    return this.#head.length - this.#headAt;
  }

  get spilled(): number {
    return this.#spilledCount;
  }

  push(entry: T): void {
    (this.#spilledCount > 0 ? this.#tail : this.#head).push(entry);
  }

  /** The entry at a position from the front; undefined beyond what is in memory. */
  front(position: number): T | undefined {
    return this.#head[this.#headAt + position];
  }

  /** Removes the oldest entry, which must be in memory. */
  take(): T | undefined {
    const entry = this.#head[this.#headAt];
    if (entry === undefined) return undefined;
    this.#lastTaken = entry.sequence;
    this.#headAt++;
    if (this.#headAt === this.#head.length) {
      this.#head = this.#spilledCount > 0 ? [] : this.#tail;
      if (this.#spilledCount === 0) this.#tail = [];
      this.#headAt = 0;
    } else if (this.#headAt > 1024 && this.#headAt * 2 > this.#head.length) {
      this.#head = this.#head.slice(this.#headAt);
      this.#headAt = 0;
    }
    return entry;
  }

  /** Declares entries that only the tables hold, after a restart. The queue has no tail yet. */
  restoreSpilled(count: number, last: number): void {
    this.#spilledCount += count;
    this.#spilledLast = last;
  }

  /**
   * Lets go of entries that the tables hold and that are not among the first `keep`. Returns those
   * it let go.
   */
  evict(foldedEpoch: number, keep: number): readonly T[] {
    if (this.#spilledCount > 0) return this.#evictTail(foldedEpoch);
    const first = this.#headAt + keep;
    let end = first;
    while (end < this.#head.length && isFolded(this.#head[end], foldedEpoch)) end++;
    if (end <= first) return [];
    const evicted = this.#head.slice(first, end);
    this.#tail = this.#head.slice(end);
    this.#head = this.#head.slice(this.#headAt, first);
    this.#headAt = 0;
    this.#spill(evicted);
    return evicted;
  }

  /** Reads spilled entries back once the front has fewer than `low`. Returns those it read. */
  refill(low: number, limit: number, read: SpillReader<T>): readonly T[] {
    if (this.#spilledCount === 0 || this.inMemoryFront >= low) return [];
    const newest = this.#head[this.#head.length - 1];
    const after = newest === undefined ? this.#lastTaken : newest.sequence;
    const loaded = read(after, this.#spilledLast, Math.min(limit, this.#spilledCount));
    this.#spilledCount -= loaded.length;
    for (const entry of loaded) this.#head.push(entry);
    if (this.#spilledCount === 0) {
      for (const entry of this.#tail) this.#head.push(entry);
      this.#tail = [];
    }
    return loaded;
  }

  #evictTail(foldedEpoch: number): readonly T[] {
    let end = 0;
    while (end < this.#tail.length && isFolded(this.#tail[end], foldedEpoch)) end++;
    if (end === 0) return [];
    const evicted = this.#tail.slice(0, end);
    this.#tail = this.#tail.slice(end);
    this.#spill(evicted);
    return evicted;
  }

  #spill(evicted: readonly T[]): void {
    this.#spilledCount += evicted.length;
    this.#spilledLast = evicted[evicted.length - 1]?.sequence ?? this.#spilledLast;
  }
}

function isFolded(entry: Spillable | undefined, foldedEpoch: number): boolean {
  return entry !== undefined && entry.storedEpoch > 0 && entry.storedEpoch <= foldedEpoch;
}
