/** Where time comes from. Two exist: the system's, and the simulation's. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Calls once, after the given time, unless cancelled. */
  wakeAfter(delayMs: number, wake: () => void): Wakeup;
  /** Calls once, when everything that has already arrived has been looked at. */
  soon(turn: () => void): void;
}

export interface Wakeup {
  cancel(): void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  wakeAfter: (delayMs, wake) => {
    const timer = setTimeout(wake, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (turn) => {
    setImmediate(turn);
  },
};
