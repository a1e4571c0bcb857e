import type { FunctionType } from "./function-type.js";
import type { HeapEntry } from "./heap.js";
import { Heap } from "./heap.js";

/**
 * A delayed message.
 *
 * INVARIANT: a timer is in the heap until it fires or is cancelled. A cancelled one stays in the
 * heap with done set, and is skipped when it comes up.
 */
export interface Timer extends HeapEntry {
  readonly dueMs: number;
  readonly sequence: number;
  /** Empty: cannot be cancelled. */
  readonly token: string;
  readonly type: FunctionType;
  readonly id: string;
  readonly callerType: FunctionType | null;
  readonly callerId: string;
  readonly typename: string;
  readonly value: Uint8Array | null;
  readonly traceparent: string;
  storedEpoch: number;
  done: boolean;
}

/** Pending delayed messages, in order of time, then of sequence. */
export class Timers {
  readonly #heap = new Heap<Timer>();
  readonly #bySequence = new Map<number, Timer>();

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#bySequence.size;
  }

  /** Milliseconds since the Unix epoch; undefined when nothing is pending. */
  get nextDueMs(): number | undefined {
    return this.#heap.peek()?.dueMs;
  }

  add(timer: Timer): void {
    this.#heap.push(timer);
    this.#bySequence.set(timer.sequence, timer);
  }

  /** The pending timer, now cancelled; undefined when it has fired or never was. */
  cancel(sequence: number): Timer | undefined {
    const timer = this.#bySequence.get(sequence);
    if (timer === undefined) return undefined;
    timer.done = true;
    this.#bySequence.delete(sequence);
    return timer;
  }

  /** Removes the next timer that is due; undefined when there is none. */
  takeDue(nowMs: number): Timer | undefined {
    for (;;) {
      const next = this.#heap.peek();
      if (next === undefined || next.dueMs > nowMs) return undefined;
      this.#heap.pop();
      if (next.done) continue;
      next.done = true;
      this.#bySequence.delete(next.sequence);
      return next;
    }
  }
}

/** The token table's key: tokens are scoped by the sender's id, across function types. */
export function tokenKey(senderId: string, token: string): string {
  return `${senderId}\u0000${token}`;
}
