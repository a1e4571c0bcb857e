import type { FunctionType } from "./function-type.js";
import type { HeapEntry } from "./heap.js";
import { Heap } from "./heap.js";

/**
 * A delayed message.
 *
 * INVARIANT: a timer is in the heap until it fires or is cancelled. A cancelled one stays in the
 * heap with done set, and is skipped when it comes up; once most of the heap is cancelled it is
 * cleared of them.
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

/** Below so many entries, cancelled ones are not worth looking for. */
const cancelledMin = 1024;

/** Pending delayed messages, in order of time, then of sequence. */
export class Timers {
  readonly #heap = new Heap<Timer>();
  readonly #bySequence = new Map<number, Timer>();

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#bySequence.size;
  }

  /** Entries in memory, cancelled ones included. */
  get size(): number {
    return this.#heap.size;
  }

  /** Milliseconds since the Unix epoch, never too late; undefined when nothing is to be looked at. */
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
    const { size } = this.#heap;
    if (size > cancelledMin && size > 2 * this.pending) this.#heap.retain(({ done }) => !done);
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

/**
 * The token table's key: tokens are scoped by the sender's id, across function types. The length
 * keeps scopes apart, whatever characters an id or a token holds. [TIMER-3]
 */
export function tokenKey(senderId: string, token: string): string {
  return `${senderId.length}:${senderId}${token}`;
}
