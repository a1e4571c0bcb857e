import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock, Wakeup } from "../loop/clock.js";

/** How long nothing must have been committed before memory is given back, in milliseconds. */
const idleMs = 5_000;

/**
 * Gives memory back once the node has become idle. The engine collects when it allocates: a node
 * that stops working keeps the garbage of its last busy second, which can be hundreds of megabytes.
 * One collection, when nobody waits for anything, and none until there has been work again.
 */
export class IdleCollector {
  readonly #clock: Clock;
  readonly #collect: () => void;
  #wakeup: Wakeup | null = null;

  constructor(clock: Clock, collect: () => void = loadCollector()) {
    this.#clock = clock;
    this.#collect = collect;
  }

  /** Something was committed. */
  noteWork(): void {
    if (this.#wakeup !== null) this.close();
  }

  /** What was worked on has reached the tables; the overlay's rows are garbage from now on. */
  noteFold(): void {
    this.close();
    this.#wakeup = this.#clock.wakeAfter(idleMs, () => {
      this.#wakeup = null;
      this.#collect();
    });
  }

  close(): void {
    this.#wakeup?.cancel();
    this.#wakeup = null;
  }
}

/** The engine's own collector, which is there only on request. */
function loadCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
