import type { Invocation } from "@statewire/protos/statewire/v1/stream.js";
import type { AddressEntry } from "./address-book.js";
import type { Batch } from "./batch.js";
import type { FunctionPlan, StateQuestion } from "./function-plan.js";

/** One invocation in flight, from its receipt until its result is queued or it is given up. */
export interface Flight {
  readonly batch: Batch;
  readonly entry: AddressEntry;
  readonly plan: FunctionPlan;
  /** What it counts against the window. */
  readonly payloadBytes: number;
  readonly receivedMs: number;
  /** A later invocation may name this one as its lease. */
  readonly leavesLease: boolean;
  /** From then on the runtime has given it up. Infinity: never. */
  readonly deadlineMs: number;
  /** StateRequests that await their replies, in order; none for most. */
  questions: StateQuestion[] | undefined;
  // Neighbours in the order of receipt.
  previous: Flight | undefined;
  next: Flight | undefined;
}

/** Payload bytes of an invocation: the values of its inputs and listed states. */
export function invocationPayloadBytes(invocation: Invocation): number {
  let bytes = 0;
  for (const input of invocation.inputs) {
    bytes += input.value?.length ?? 0;
  }
  for (const state of invocation.states) {
    bytes += state.value?.length ?? 0;
  }
  return bytes;
}

/**
 * The invocations in flight on one stream, with their payload bytes.
 *
 * They form a list. A Map by id would do, but every table that it outgrows keeps what it held alive
 * until the next full collection: at high rates a fourth of the time went into copying that.
 *
 * A runtime may give an invocation up a moment before this side's clock agrees, so one that has used
 * more than half of its time does not count against what the runtime may send.
 */
export class Flights {
  #first: Flight | undefined;
  #last: Flight | undefined;
  /** Only those that wait for a StateReply. */
  readonly #asking = new Map<number, Flight>();
  #count = 0;
  #payloadBytes = 0;

  get count(): number {
    return this.#count;
  }

  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  add(flight: Flight): void {
    flight.previous = this.#last;
    if (this.#last === undefined) {
      this.#first = flight;
    } else {
      this.#last.next = flight;
    }
    this.#last = flight;
    this.#count++;
    this.#payloadBytes += flight.payloadBytes;
    flight.plan.inFlight++;
    flight.batch.flight = flight;
  }

  remove(flight: Flight): void {
    const { previous, next } = flight;
    if (previous === undefined) {
      this.#first = next;
    } else {
      previous.next = next;
    }
    if (next === undefined) {
      this.#last = previous;
    } else {
      next.previous = previous;
    }
    flight.previous = undefined;
    flight.next = undefined;
    this.#count--;
    this.#payloadBytes -= flight.payloadBytes;
    flight.plan.inFlight--;
    flight.batch.flight = undefined;
    if (flight.questions !== undefined) {
      this.#asking.delete(flight.batch.invocationId);
    }
  }

  /** Notes a StateRequest. */
  ask(flight: Flight, question: StateQuestion): void {
    if (flight.questions === undefined) {
      flight.questions = [];
      this.#asking.set(flight.batch.invocationId, flight);
    }
    flight.questions.push(question);
  }

  /** The flight that a StateReply may be for. */
  asking(invocationId: number): Flight | undefined {
    return this.#asking.get(invocationId);
  }

  /** Slow: for what should not happen. */
  has(invocationId: number): boolean {
    return this.all().some(({ batch }) => batch.invocationId === invocationId);
  }

  /** All of them, in order of receipt. */
  all(): Flight[] {
    const flights: Flight[] = [];
    for (let flight = this.#first; flight !== undefined; flight = flight.next) {
      flights.push(flight);
    }
    return flights;
  }

  /** Those that the runtime must hold to be in flight as well. */
  certain(nowMs: number): Flight[] {
    return this.all().filter(
      ({ receivedMs, deadlineMs }) => nowMs - receivedMs <= (deadlineMs - receivedMs) / 2,
    );
  }
}
