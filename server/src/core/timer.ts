import { assert } from "./assert.js";
import type { FunctionType } from "./function-type.js";
import type { HeapEntry } from "./heap.js";
import { before, Heap } from "./heap.js";
import type { TimerKey } from "./store-view.js";

/** A delayed message in memory. */
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
  /** It has fired, or was cancelled. */
  done: boolean;
}

/** How many timers stay in memory once the tables hold them. */
export interface TimerLimits {
  readonly timersInMemoryMax: number;
  /** In payload bytes. */
  readonly timersInMemoryBytesMax: number;
}

/** Reads the timers that are due after the given one from the tables, in order, up to its limits. */
export type TimerReader = (after: TimerKey) => readonly Timer[];

/** Below so many entries, cancelled ones are not worth looking for. */
const cancelledMin = 1024;
/** Reading back begins when so small a part of the limit is left. */
const lowShare = 1 / 8;
/** What stays when there is more than the limit: so that the next few do not pass it again. */
const keptShare = 1 / 2;

/**
 * Pending delayed messages, in order of time, then of sequence. Those that are due first are in
 * memory; the tables hold the others.
 *
 *     [ near: in memory, all of them ] horizon [ far: not in the tables yet | spilled ]
 *
 * INVARIANTS
 * - Every pending timer up to the horizon is in `near`. Without a horizon, every pending one is.
 * - A timer behind the horizon is in `far` until the tables hold it (its epoch is folded), and
 *   spilled from then on: known by number only.
 * - What fires comes from `near`, and the horizon never comes before what has fired; so what is read
 *   back has not fired. A stored timer that was cancelled is in `cleared` until its delete is folded.
 * - A cancelled timer stays in `near` or `far` with `done` set, and is skipped when it comes up; once
 *   most of `near` is cancelled it is cleared of them.
 */
export class Timers {
  readonly #near = new Heap<Timer>();
  #far: Timer[] = [];
  #horizon: TimerKey | null = null;
  #spilled = 0;
  /** Of `near`, those that are pending. */
  #nearCount = 0;
  /** Payload of the pending ones in `near`. */
  #nearBytes = 0;
  /** The pending ones in memory. */
  readonly #bySequence = new Map<number, Timer>();
  /** Sequence -> the epoch that deletes it. In order of epochs. */
  readonly #cleared = new Map<number, number>();
  #bytes = 0;

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#bySequence.size + this.#spilled;
  }

  /** Pending timers that only the tables hold. */
  get spilled(): number {
    return this.#spilled;
  }

  /** Entries in memory, cancelled ones included. */
  get size(): number {
    return this.#near.size + this.#far.length;
  }

  /** Payload of the pending timers in memory, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Milliseconds since the Unix epoch, never too late; undefined when nothing is to be looked at. */
  get nextDueMs(): number | undefined {
    return this.#near.peek()?.dueMs ?? this.#horizon?.dueMs;
  }

  add(timer: Timer): void {
    this.#bySequence.set(timer.sequence, timer);
    this.#bytes += payloadBytes(timer);
    if (this.#horizon === null || !before(this.#horizon, timer)) this.#addNear(timer);
    else this.#far.push(timer);
  }

  /** Declares timers that only the tables hold, after a restart, before all else. */
  restoreSpilled(count: number): void {
    if (count === 0) return;
    this.#spilled = count;
    this.#horizon = { dueMs: 0, sequence: 0 };
  }

  /** A pending timer is pending no more. Returns whether an epoch has stored it: it is to be deleted. */
  cancel(key: TimerKey, openEpoch: number): boolean {
    const timer = this.#bySequence.get(key.sequence);
    if (timer === undefined) {
      assert(this.#spilled > 0, `a token of timer ${key.sequence}, which is not pending`);
      this.#spilled--;
      this.#cleared.set(key.sequence, openEpoch);
      return true;
    }
    this.#forget(timer);
    if (this.#horizon === null || !before(this.#horizon, timer)) this.#cancelNear(timer);
    if (timer.storedEpoch === 0) return false;
    this.#cleared.set(timer.sequence, openEpoch);
    return true;
  }

  /** Removes the next timer that is due; undefined when none is in memory. */
  takeDue(nowMs: number): Timer | undefined {
    for (;;) {
      const next = this.#near.peek();
      if (next === undefined || next.dueMs > nowMs) return undefined;
      this.#near.pop();
      if (next.done) continue;
      this.#forget(next);
      this.#nearCount--;
      this.#nearBytes -= payloadBytes(next);
      return next;
    }
  }

  /** After a fold: lets go of timers that the tables hold now. */
  evict(foldedEpoch: number, limits: TimerLimits): void {
    for (const [sequence, epoch] of this.#cleared) {
      if (epoch > foldedEpoch) break;
      this.#cleared.delete(sequence);
    }
    const isTooMuch =
      this.#nearCount > limits.timersInMemoryMax || this.#nearBytes > limits.timersInMemoryBytesMax;
    if (isTooMuch) this.#moveHorizon(limits);
    const far = this.#far;
    this.#far = [];
    for (const timer of far) {
      if (timer.done) continue;
      if (timer.storedEpoch === 0 || timer.storedEpoch > foldedEpoch) this.#far.push(timer);
      else this.#spill(timer);
    }
  }

  /** Reads the next timers back before those in memory have all fired. */
  refill(limits: TimerLimits, read: TimerReader): void {
    if (this.#horizon === null) return;
    const low = Math.max(1, limits.timersInMemoryMax * lowShare);
    if (this.#nearCount >= low || this.#nearBytes > limits.timersInMemoryBytesMax * lowShare)
      return;
    if (this.#spilled > 0) this.#load(read(this.#horizon));
    if (this.#spilled === 0) this.#horizon = null;
    const far = this.#far;
    this.#far = [];
    for (const timer of far) {
      if (timer.done) continue;
      if (this.#horizon !== null && before(this.#horizon, timer)) this.#far.push(timer);
      else this.#addNear(timer);
    }
  }

  /** The tables may hold what is in memory too, and what is deleted by an epoch not folded yet. */
  #load(timers: readonly Timer[]): void {
    const last = timers[timers.length - 1];
    assert(last !== undefined, `${this.#spilled} spilled timers are not in the tables`);
    for (const timer of timers) {
      if (this.#bySequence.has(timer.sequence) || this.#cleared.has(timer.sequence)) continue;
      this.#spilled--;
      this.#bySequence.set(timer.sequence, timer);
      this.#bytes += payloadBytes(timer);
      this.#addNear(timer);
    }
    this.#horizon = { dueMs: last.dueMs, sequence: last.sequence };
  }

  /** Leaves the first timers in `near`, at least one, and moves the others behind the horizon. */
  #moveHorizon(limits: TimerLimits): void {
    const kept: Timer[] = [];
    const countMax = Math.max(1, limits.timersInMemoryMax * keptShare);
    const bytesMax = limits.timersInMemoryBytesMax * keptShare;
    let bytes = 0;
    while (kept.length < countMax && bytes <= bytesMax) {
      const timer = this.#near.pop();
      if (timer === undefined) break;
      if (timer.done) continue;
      kept.push(timer);
      bytes += payloadBytes(timer);
    }
    for (const timer of this.#near.takeAll()) if (!timer.done) this.#far.push(timer);
    this.#nearCount = 0;
    this.#nearBytes = 0;
    for (const timer of kept) this.#addNear(timer);
    const last = kept[kept.length - 1];
    if (last !== undefined) this.#horizon = { dueMs: last.dueMs, sequence: last.sequence };
  }

  #addNear(timer: Timer): void {
    this.#near.push(timer);
    this.#nearCount++;
    this.#nearBytes += payloadBytes(timer);
  }

  #cancelNear(timer: Timer): void {
    this.#nearCount--;
    this.#nearBytes -= payloadBytes(timer);
    const { size } = this.#near;
    if (size > cancelledMin && size > 2 * this.#nearCount) this.#near.retain(({ done }) => !done);
  }

  #spill(timer: Timer): void {
    this.#bySequence.delete(timer.sequence);
    this.#bytes -= payloadBytes(timer);
    this.#spilled++;
  }

  #forget(timer: Timer): void {
    timer.done = true;
    this.#bySequence.delete(timer.sequence);
    this.#bytes -= payloadBytes(timer);
  }
}

/**
 * The token table's key: tokens are scoped by the sender's id, across function types. The length
 * keeps scopes apart, whatever characters an id or a token holds. [TIMER-3]
 */
export function tokenKey(senderId: string, token: string): string {
  return `${senderId.length}:${senderId}${token}`;
}

function payloadBytes({ value }: Timer): number {
  return value === null ? 0 : value.length;
}
