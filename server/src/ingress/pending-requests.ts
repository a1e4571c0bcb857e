/** Slots of the ring; a power of two. More requests than this seldom wait at a time. */
const ringSlots = 8192;
const none = 0;

/**
 * What waits for the core's answer, by the request's rising number.
 *
 * A ring of slots, each number in the slot of its low bits. A request that still waits when its slot is
 * needed again moves to a map of stragglers. A map alone would be written and emptied for every
 * request: the engine replaces its table every few requests, each old table names the one after it and
 * all that was in it, and so everything that ever waited lives on until a full garbage collection.
 */
export class PendingRequests<Waiter> {
  readonly #numbers: number[] = new Array<number>(ringSlots).fill(none);
  readonly #ring: (Waiter | undefined)[] = new Array<undefined>(ringSlots).fill(undefined);
  readonly #stragglers = new Map<number, Waiter>();
  #next = 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns the request's number, from 1. */
  add(waiter: Waiter): number {
    const number = this.#next++;
    const slot = number & (ringSlots - 1);
    const straggler = this.#ring[slot];
    if (straggler !== undefined) this.#stragglers.set(this.#numbers[slot] ?? none, straggler);
    this.#numbers[slot] = number;
    this.#ring[slot] = waiter;
    this.#size++;
    return number;
  }

  /** Removes and returns it; undefined when it has been taken before. */
  take(number: number): Waiter | undefined {
    const slot = number & (ringSlots - 1);
    let waiter = this.#ring[slot];
    if (waiter !== undefined && this.#numbers[slot] === number) {
      this.#ring[slot] = undefined;
    } else {
      if (this.#stragglers.size === 0) return undefined;
      waiter = this.#stragglers.get(number);
      if (!this.#stragglers.delete(number)) return undefined;
    }
    this.#size--;
    return waiter;
  }
}
