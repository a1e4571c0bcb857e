import type { Clock, Wakeup } from "../loop/clock.js";
import { collectGarbage } from "../store/collect-garbage.js";

/** How long nothing must have been committed before memory is given back, in milliseconds. */
const idleMs = 5_000;
/** Between two collections: each holds the loop up for some tens of milliseconds. */
const pauseMs = 1_000;
/** Another one is worth it when the last has given back this share of the heap. */
const worthShare = 1 / 16;

/**
 * Gives memory back once the node has become idle. The engine collects when it allocates: a node
 * that stops working keeps the garbage of its last busy second, which can be hundreds of megabytes.
 * It collects while nobody waits for anything, again and again as long as that gives much back, and
 * then no more until there has been work again.
 */
export class IdleCollector {
  readonly #clock: Clock;
  readonly #collect: () => number;
  #wakeup: Wakeup | null = null;

  /** `collect` returns what the heap takes after it, in bytes. */
  constructor(clock: Clock, collect: () => number = collectGarbage) {
    this.#clock = clock;
    this.#collect = collect;
  }

  /** What the start has read of the journal is garbage from now on. */
  noteStart(): void {
    this.#collectAfter(idleMs, Number.POSITIVE_INFINITY);
  }

  /** Something was committed. */
  noteWork(): void {
    if (this.#wakeup !== null) this.close();
  }

  /** What was worked on has reached the tables; the overlay's rows are garbage from now on. */
  noteFold(): void {
    this.close();
    this.#collectAfter(idleMs, Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#wakeup?.cancel();
    this.#wakeup = null;
  }

  #collectAfter(delayMs: number, bytesBefore: number): void {
    this.#wakeup = this.#clock.wakeAfter(delayMs, () => {
      this.#wakeup = null;
      const bytes = this.#collect();
      if (bytes < bytesBefore * (1 - worthShare)) this.#collectAfter(pauseMs, bytes);
    });
  }
}
