import { StatewireError } from "../errors.js";

/** Something that happens at a time. */
export interface Timer<T> {
  readonly dueMs: number;
  readonly item: T;
  /** Whose token space it is in: tokens belong to the sender's id, whatever its type. */
  readonly scope: string;
  /** Empty: cannot be cancelled. */
  readonly token: string;
}

/**
 * Delayed messages in virtual time: fired in order of their due time, and of their scheduling where
 * that is the same.
 */
export class VirtualTimers<T> {
  #timers: Timer<T>[] = [];

  /** Those that are pending, in the order in which they fire. */
  get pending(): readonly Timer<T>[] {
    return this.#timers;
  }

  /** @throws StatewireError `test-failed` when the token is pending in its scope. [TIMER-4] */
  schedule(timer: Timer<T>): void {
    if (timer.token !== "" && this.#find(timer.scope, timer.token) !== -1) {
      throw new StatewireError(
        "test-failed",
        `cancellation token "${timer.token}" is pending already for id "${timer.scope}" [TIMER-4]`,
      );
    }
    const later = this.#timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
  }

  /** A token that is not pending is ignored. */
  cancel(scope: string, token: string): void {
    const index = this.#find(scope, token);
    if (index !== -1) {
      this.#timers.splice(index, 1);
    }
  }

  /** Takes out all that are due first, if they are due by then. */
  takeNext(untilMs: number): { readonly dueMs: number; readonly items: readonly T[] } | undefined {
    const dueMs = this.#timers[0]?.dueMs;
    if (dueMs === undefined || dueMs > untilMs) {
      return undefined;
    }
    const due = this.#timers.filter((timer) => timer.dueMs === dueMs);
    this.#timers = this.#timers.slice(due.length);
    return { dueMs, items: due.map(({ item }) => item) };
  }

  copy(): VirtualTimers<T> {
    const copy = new VirtualTimers<T>();
    copy.#timers = [...this.#timers];
    return copy;
  }

  #find(scope: string, token: string): number {
    return this.#timers.findIndex((timer) => timer.scope === scope && timer.token === token);
  }
}
