/** Slots that an empty queue keeps, so that one burst does not hold memory for ever. */
const idleSlotsMax = 64;

/**
 * A first-in first-out queue that uses its slots again. Most queues here hold one or two entries at
 * a time, and are filled and emptied thousands of times a second: an array that shrinks and grows
 * would be allocated anew each time.
 */
export class Fifo<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(2);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(entry: T): void {
    if (this.#end < this.#slots.length) this.#slots[this.#end] = entry;
    else this.#slots.push(entry);
    this.#end++;
  }

  /** The entry at a position from the front; undefined beyond the end. */
  at(position: number): T | undefined {
    return this.#slots[this.#start + position];
  }

  /** The newest entry. */
  last(): T | undefined {
    return this.#end === this.#start ? undefined : this.#slots[this.#end - 1];
  }

  /** Removes the oldest entry. */
  take(): T | undefined {
    if (this.#start === this.#end) return undefined;
    const entry = this.#slots[this.#start];
    this.#slots[this.#start] = undefined;
    this.#start++;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
      if (this.#slots.length > idleSlotsMax) this.#slots = new Array<T | undefined>(2);
    } else if (this.#start > 1024 && this.#start * 2 > this.#end) {
      this.#slots = this.#slots.slice(this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return entry;
  }

  /** Removes the entries from a position on, and returns them. */
  cut(position: number): T[] {
    const from = this.#start + position;
    if (from >= this.#end) return [];
    const removed = this.#slots.slice(from, this.#end) as T[];
    this.#slots.length = from;
    this.#end = from;
    return removed;
  }
}
