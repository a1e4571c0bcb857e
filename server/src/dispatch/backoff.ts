import type { BackoffPolicy } from "../module/module.js";

/** Growing, capped, varied waits between attempts to connect. [CLOSE-5] */
export class Backoff {
  readonly #policy: BackoffPolicy;
  #attempts = 0;

  constructor(policy: BackoffPolicy) {
    this.#policy = policy;
  }

  /** The wait before the next attempt, in milliseconds. */
  nextMs(): number {
    const { initialBackoffMs, maxBackoffMs, factor, jitter } = this.#policy;
    // Bounded, because 0 times infinity is no number.
    const growth = Math.min(factor ** this.#attempts, Number.MAX_VALUE);
    const grown = Math.min(maxBackoffMs, initialBackoffMs * growth);
    this.#attempts++;
    return grown * (1 - jitter * Math.random());
  }

  /** An attempt has succeeded: the next wait is the first again. */
  reset(): void {
    this.#attempts = 0;
  }
}
