/** How long the states that expire live, in milliseconds. */
export interface Lifetimes {
  readonly briefMs: number;
  readonly warmMs: number;
}

/** What a run did to the states that expire. */
export interface RunWrites {
  readonly wroteBrief: boolean;
  /** The run that gave the warm value its time that this one found; 0: this run wrote the value. */
  readonly warmedBefore: number | null;
}

/** What is known beforehand of a value that may have expired. */
export type Outlook = "present" | "absent" | "open";

interface Run extends RunWrites {
  /** When the core applied its result; -1: it did not. */
  appliedAtMs: number;
  /** The highest time that the core had ever seen then. */
  coreMaxMs: number;
  briefUntilMs: number;
  warmUntilMs: number;
}

/**
 * When every run of a function was applied, by the core's own clock. What a function keeps names
 * runs; with this, anybody can tell what must have expired and which timer must have fired.
 */
export class RunBook {
  readonly #lifetimes: Lifetimes;
  readonly #runs: Run[] = [];
  readonly #dispatchedAtMs = new Map<string, number>();
  readonly #runOf = new Map<string, number>();
  #coreMaxMs = 0;

  constructor(lifetimes: Lifetimes) {
    this.#lifetimes = lifetimes;
  }

  /** The core has seen this time. */
  coreSaw(nowMs: number): void {
    this.#coreMaxMs = Math.max(this.#coreMaxMs, nowMs);
  }

  /** The highest time that any core has seen. */
  get coreMaxMs(): number {
    return this.#coreMaxMs;
  }

  /** The core has sent the invocation. */
  dispatched(session: number, invocation: number, nowMs: number): void {
    this.coreSaw(nowMs);
    this.#dispatchedAtMs.set(`${session} ${invocation}`, nowMs);
  }

  dispatchedAtMs(session: number, invocation: number): number {
    return this.#dispatchedAtMs.get(`${session} ${invocation}`) ?? 0;
  }

  /** The next run's number, from 1. */
  get next(): number {
    return this.#runs.length + 1;
  }

  /** A function has run. Its number is what `next` was. */
  ran(session: number, invocation: number, writes: RunWrites): void {
    this.#runs.push({ ...writes, appliedAtMs: -1, coreMaxMs: 0, briefUntilMs: 0, warmUntilMs: 0 });
    this.#runOf.set(`${session} ${invocation}`, this.#runs.length);
  }

  /** The core was given the result of the invocation. Only the first one can count. */
  applied(session: number, invocation: number, nowMs: number): void {
    this.coreSaw(nowMs);
    const number = this.#runOf.get(`${session} ${invocation}`);
    if (number === undefined) return;
    const run = this.#run(number);
    if (run.appliedAtMs >= 0) return;
    run.appliedAtMs = nowMs;
    run.coreMaxMs = this.#coreMaxMs;
    if (run.wroteBrief) run.briefUntilMs = nowMs + this.#lifetimes.briefMs;
    if (run.warmedBefore === null) return;
    const before = run.warmedBefore === 0 ? 0 : this.#run(run.warmedBefore).warmUntilMs;
    // What has expired meanwhile gets no new time.
    const lives = run.warmedBefore === 0 || before > nowMs;
    run.warmUntilMs = lives ? nowMs + this.#lifetimes.warmMs : before;
  }

  /**
   * Whether an invocation sent at that time must see the brief value that a run wrote, must not, or
   * may: what has expired may be gone for good when the clock goes back.
   */
  briefAt(run: number, atMs: number): Outlook {
    return run === 0 ? "absent" : this.#outlook(this.#run(run).briefUntilMs, atMs);
  }

  /** The same for the warm value that a run gave its time. */
  warmAt(run: number, atMs: number): Outlook {
    return run === 0 ? "absent" : this.#outlook(this.#run(run).warmUntilMs, atMs);
  }

  /**
   * Whether a delayed message that one run scheduled and another cancelled must have been delivered,
   * must not, or may.
   */
  cancellation(
    scheduled: number,
    cancelled: number,
    delayMs: number,
  ): "delivered" | "stopped" | "open" {
    const from = this.#run(scheduled);
    const to = this.#run(cancelled);
    const dueMs = from.appliedAtMs + delayMs;
    // Timers fire when time passes, so not between two results of one moment.
    if (to.appliedAtMs >= dueMs && to.appliedAtMs > from.appliedAtMs) return "delivered";
    return to.coreMaxMs < dueMs || scheduled === cancelled ? "stopped" : "open";
  }

  #outlook(untilMs: number, atMs: number): Outlook {
    if (atMs >= untilMs) return "absent";
    return this.#coreMaxMs >= untilMs ? "open" : "present";
  }

  #run(number: number): Run {
    const run = this.#runs[number - 1];
    if (run === undefined) throw new Error(`no run ${number}`);
    return run;
  }
}
