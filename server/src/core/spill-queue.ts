import { Fifo } from "./fifo.js";

/** What a spill queue holds: entries in rising order of sequence. */
export interface Spillable {
  readonly sequence: number;
  /** The epoch that stored the entry; 0: none yet. */
  readonly storedEpoch: number;
  readonly value: Uint8Array | null;
}

/** When so little is left in front, more is read back. */
export interface FrontLimits {
  readonly count: number;
  /** Payload, in bytes. */
  readonly bytes: number;
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
  readonly #head = new Fifo<T>();
  /** Payload of head. */
  #headBytes = 0;
  #spilledCount = 0;
  #spilledLast = 0;
  /** Null while nothing is spilled: most queues never need it. */
  #tail: Fifo<T> | null = null;
  #lastTaken = 0;

  /** Entries, spilled ones included. */
  get length(): number {
    return this.#head.length + this.#spilledCount + (this.#tail?.length ?? 0);
  }

  /** Entries that front() can see now. */
  get inMemoryFront(): number {
    return this.#head.length;
  }

  get spilled(): number {
    return this.#spilledCount;
  }

  /** Sequence of the newest entry; 0: there is none. */
  get last(): number {
    const inMemory =
      this.#tail?.last() ?? (this.#spilledCount === 0 ? this.#head.last() : undefined);
    return inMemory?.sequence ?? this.#spilledLast;
  }

  /** Whether the tables hold everything in this queue. */
  isFolded(foldedEpoch: number): boolean {
    const newest = this.#tail?.last() ?? this.#head.last();
    return newest === undefined || isFolded(newest, foldedEpoch);
  }

  push(entry: T): void {
    if (this.#spilledCount === 0) this.#pushHead(entry);
    else this.#spilledTail().push(entry);
  }

  /** The entry at a position from the front; undefined beyond what is in memory. */
  front(position: number): T | undefined {
    return this.#head.at(position);
  }

  /** Removes the oldest entry, which must be in memory. */
  take(): T | undefined {
    const entry = this.#head.take();
    if (entry === undefined) return undefined;
    this.#lastTaken = entry.sequence;
    this.#headBytes -= bytesOf(entry);
    return entry;
  }

  /** Declares entries that only the tables hold, after a restart. The queue has no tail yet. */
  restoreSpilled(count: number, last: number): void {
    this.#spilledCount += count;
    this.#spilledLast = last;
  }

  /** Everything in this queue is behind the sequence. */
  passed(sequence: number): void {
    this.#lastTaken = Math.max(this.#lastTaken, sequence);
  }

  /**
   * Lets go of entries that the tables hold and that are not among the first `keep`. Returns those
   * it let go.
   */
  evict(foldedEpoch: number, keep: number): readonly T[] {
    const isInTail = this.#spilledCount > 0;
    const queue = isInTail ? this.#tail : this.#head;
    if (queue === null) return [];
    const from = isInTail ? 0 : keep;
    let end = from;
    while (isFolded(queue.at(end), foldedEpoch)) end++;
    if (end === from) return [];
    const rest = queue.cut(from);
    if (!isInTail) for (const entry of rest) this.#headBytes -= bytesOf(entry);
    const evicted = rest.splice(0, end - from);
    this.#spilledCount += evicted.length;
    this.#spilledLast = evicted[evicted.length - 1]?.sequence ?? this.#spilledLast;
    for (const entry of rest) this.#spilledTail().push(entry);
    return evicted;
  }

  /** Removes every entry that is in memory; the queue must not be used again. */
  removeAll(): readonly T[] {
    return [...this.#head.cut(0), ...(this.#tail?.cut(0) ?? [])];
  }

  /** Reads spilled entries back once the front has less than `low`. Returns those it read. */
  refill(low: FrontLimits, limit: number, read: SpillReader<T>): readonly T[] {
    if (this.#spilledCount === 0) return [];
    if (this.#head.length >= low.count || this.#headBytes >= low.bytes) return [];
    const after = this.#head.last()?.sequence ?? this.#lastTaken;
    const loaded = read(after, this.#spilledLast, Math.min(limit, this.#spilledCount));
    this.#spilledCount -= loaded.length;
    for (const entry of loaded) this.#pushHead(entry);
    if (this.#spilledCount === 0) {
      for (const entry of this.#tail?.cut(0) ?? []) this.#pushHead(entry);
      this.#tail = null;
    }
    return loaded;
  }

  #pushHead(entry: T): void {
    this.#head.push(entry);
    this.#headBytes += bytesOf(entry);
  }

  #spilledTail(): Fifo<T> {
    this.#tail ??= new Fifo();
    return this.#tail;
  }
}

function bytesOf({ value }: Spillable): number {
  return value === null ? 0 : value.length;
}

function isFolded(entry: Spillable | undefined, foldedEpoch: number): boolean {
  return entry !== undefined && entry.storedEpoch > 0 && entry.storedEpoch <= foldedEpoch;
}
