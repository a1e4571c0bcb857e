import type { StreamEvent } from "./event.js";

/** Events that nobody has asked for yet, and those who wait for one. */
export class EventQueue {
  readonly #events: StreamEvent[] = [];
  #waiters: (() => void)[] = [];

  push(event: StreamEvent): void {
    this.#events.push(event);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Removes the first event that matches; undefined when there is none. */
  take(matches: (event: StreamEvent) => boolean): StreamEvent | undefined {
    const at = this.#events.findIndex(matches);
    return at === -1 ? undefined : this.#events.splice(at, 1)[0];
  }

  /** What has not been taken. */
  get rest(): readonly StreamEvent[] {
    return this.#events;
  }

  /** As take(), but waits. Undefined when the time has passed. */
  async takeWithin(
    withinMs: number,
    matches: (event: StreamEvent) => boolean,
  ): Promise<StreamEvent | undefined> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const found = this.take(matches);
      if (found !== undefined) return found;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return undefined;
      await this.#changed(leftMs);
    }
  }

  #changed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
