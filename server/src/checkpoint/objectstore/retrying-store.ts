import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectStore } from "./object-store.js";
import { ObjectStoreError } from "./object-store.js";

export interface RetryOptions {
  /** No attempt begins later than this after the first one failed. */
  readonly patienceMs: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  readonly random: () => number;
  /** An attempt has failed, and another will follow. */
  readonly onRetry: (error: ObjectStoreError) => void;
  /** Ends every wait. */
  readonly signal: AbortSignal;
}

/**
 * A store whose calls are tried again while their error may pass. The waits double, with half of
 * each at random, so that nodes that lost one store do not all come back at once.
 *
 * Everything may be repeated: keys are put at most once and nothing else changes what a key holds.
 * A repeated putIfAbsent() may find what its own first attempt has put; the contract says so.
 */
export function retryingStore(store: ObjectStore, options: RetryOptions): ObjectStore {
  const retry = <T>(act: () => Promise<T>): Promise<T> => tryAgain(act, options);
  return {
    name: store.name,
    put: (key, body) => retry(() => store.put(key, body)),
    putIfAbsent: (key, body) => retry(() => store.putIfAbsent(key, body)),
    get: (key) => retry(() => store.get(key)),
    list: (prefix, after) => retry(() => store.list(prefix, after)),
    delete: (key) => retry(() => store.delete(key)),
    close: () => store.close(),
  };
}

async function tryAgain<T>(act: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { patienceMs, backoffMsMin, backoffMsMax, random, onRetry, signal } = options;
  let givesUpAtMs = Number.POSITIVE_INFINITY;
  for (let backoffMs = backoffMsMin; ; backoffMs = Math.min(backoffMsMax, backoffMs * 2)) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ObjectStoreError) || error.code !== "UNAVAILABLE") throw error;
      if (givesUpAtMs === Number.POSITIVE_INFINITY) givesUpAtMs = performance.now() + patienceMs;
      const waitMs = backoffMs * (1 - random() / 2);
      if (signal.aborted || performance.now() + waitMs > givesUpAtMs) throw error;
      onRetry(error);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
}
