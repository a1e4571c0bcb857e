import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How long nothing must have been committed before memory is given back, in milliseconds. */
const idleMs = 5_000;

/**
 * Gives memory back once the node has become idle. The engine collects when it allocates: a node
 * that stops working keeps the garbage of its last busy second, which can be hundreds of megabytes.
 * One collection, when nobody waits for anything, and none until there has been work again.
 */
export class IdleCollector {
  readonly #collect: () => void;
  #busy = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(collect: () => void = loadCollector()) {
    this.#collect = collect;
  }

  /** Something was committed. */
  noteWork(): void {
    this.#busy = true;
  }

  /** What was worked on has reached the tables; the overlay's rows are garbage from now on. */
  noteFold(): void {
    if (this.#timer !== null) return;
    this.#busy = false;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#busy) this.#collect();
    }, idleMs);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

/** The engine's own collector, which is there only on request. */
function loadCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
