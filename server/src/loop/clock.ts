/** Where time comes from. Two exist: the system's, and the simulation's. */
export interface Clock {
  /** Whole milliseconds since the Unix epoch. Never less than before. */
  nowMs(): number;
  /** Calls once, after the given time, unless cancelled. */
  wakeAfter(delayMs: number, wake: () => void): Wakeup;
  /** Calls once, when everything that has already arrived has been looked at. */
  soon(turn: () => void): void;
}

export interface Wakeup {
  cancel(): void;
}

/**
 * Time that never stands still and never goes back. When the clock on the wall is set ahead, it
 * follows; when that is set back, it runs on from where it is until the next start. Otherwise all that
 * waits (retries, time-outs, delayed messages) would wait as much longer.
 */
export function runningTime(wallMs: () => number, steadyMs: () => number): () => number {
  let aheadMs = wallMs() - steadyMs();
  return () => {
    const steady = steadyMs();
    aheadMs = Math.max(aheadMs, wallMs() - steady);
    return Math.floor(steady + aheadMs);
  };
}

export const systemClock: Clock = {
  nowMs: runningTime(
    () => Date.now(),
    () => performance.now(),
  ),
  wakeAfter: (delayMs, wake) => {
    const timer = setTimeout(wake, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (turn) => {
    setImmediate(turn);
  },
};
