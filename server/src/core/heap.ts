/** A binary min-heap: the entry with the lowest time first, then the lowest sequence. */
export interface HeapEntry {
  readonly dueMs: number;
  readonly sequence: number;
}

export class Heap<T extends HeapEntry> {
  readonly #entries: T[] = [];

  get size(): number {
    return this.#entries.length;
  }

  peek(): T | undefined {
    return this.#entries[0];
  }

  push(entry: T): void {
    const entries = this.#entries;
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent] as T;
      if (!before(entry, above)) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): T | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      const right = child + 1;
      if (right < entries.length && before(entries[right] as T, entries[child] as T)) child = right;
      if (!before(entries[child] as T, last)) break;
      entries[at] = entries[child] as T;
      at = child;
    }
    entries[at] = last;
    return first;
  }

  /** Drops every entry that is not wanted. Takes time in proportion to the heap. */
  retain(isWanted: (entry: T) => boolean): void {
    for (const entry of this.takeAll().filter(isWanted)) this.push(entry);
  }

  /** Removes every entry, and returns them in no order. Takes time in proportion to the heap. */
  takeAll(): T[] {
    return this.#entries.splice(0);
  }
}

/** Whether one entry comes up before the other. */
export function before(a: HeapEntry, b: HeapEntry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
}
