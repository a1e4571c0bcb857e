import type { BackoffPolicy } from "../module/module.js";

/**
 * After a protocol error, dialling again soon would only repeat it: with its variation at least 5
 * seconds, at most 30. [CLOSE-5]
 */
export const rejectionBackoff: BackoffPolicy = {
  initialBackoffMs: 6_250,
  maxBackoffMs: 30_000,
  factor: 2,
  jitter: 0.2,
};

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
