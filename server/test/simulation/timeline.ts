import { Heap } from "../../src/core/heap.js";
import type { Random } from "../support/random.js";

/** Something that will happen in the simulated world. */
export interface TimelineEvent {
  readonly dueMs: number;
  readonly sequence: number;
  /** For the event log. */
  readonly name: string;
  readonly scope: Scope;
  readonly act: () => void;
}

/** Nobody waits for what happens later than this. */
const longMs = 3_600_000;

/** Two events of one moment come in an order that the seed decides. */
const tieBits = 2 ** 21;

/**
 * The future of the simulated world: every event at its time, one after the other. Time passes only
 * from one event to the next, and counts from the world's beginning.
 */
export class Timeline {
  readonly #random: Random;
  readonly #events = new Heap<TimelineEvent>();
  #count = 0;
  #nowMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds since the world's beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  add(event: Omit<TimelineEvent, "dueMs" | "sequence">, delayMs: number): void {
    const { name, scope, act } = event;
    const sequence = this.#random.below(tieBits) * 2 ** 31 + this.#count++;
    this.#events.push({ dueMs: this.#nowMs + delayMs, sequence, name, scope, act });
  }

  /**
   * The next event whose scope has not ended, which happens now; undefined: nothing will happen for a
   * long time.
   */
  take(): TimelineEvent | undefined {
    for (;;) {
      const event = this.#events.peek();
      if (event === undefined || event.dueMs - this.#nowMs > longMs) return undefined;
      this.#events.pop();
      if (!event.scope.isAlive) continue;
      this.#nowMs = event.dueMs;
      return event;
    }
  }

  /** A part of the world that may end before the world does. */
  scope(): Scope {
    return new Scope(this);
  }
}

/** What will happen in one part of the world. Once that part has ended, none of it happens. */
export class Scope {
  readonly #timeline: Timeline;
  #isAlive = true;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  end(): void {
    this.#isAlive = false;
  }

  after(delayMs: number, name: string, act: () => void): void {
    this.#timeline.add({ name, scope: this, act }, delayMs);
  }
}
