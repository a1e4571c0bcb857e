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
  /** From then on the runtime has given it up. Infinity: never. */
  readonly deadlineMs: number;
  /** StateRequests that await their replies, in order. */
  readonly questions: StateQuestion[];
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
 * The invocations in flight on one stream, by id, with their payload bytes.
 *
 * A runtime may give an invocation up a moment before this side's clock agrees, so one that has used
 * more than half of its time does not count against what the runtime may send.
 */
export class Flights {
  readonly #byId = new Map<number, Flight>();
  #payloadBytes = 0;

  get count(): number {
    return this.#byId.size;
  }

  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  get(invocationId: number): Flight | undefined {
    return this.#byId.get(invocationId);
  }

  add(flight: Flight): void {
    this.#byId.set(flight.batch.invocationId, flight);
    this.#payloadBytes += flight.payloadBytes;
    flight.plan.inFlight++;
  }

  remove(flight: Flight): void {
    if (this.#byId.delete(flight.batch.invocationId)) {
      this.#payloadBytes -= flight.payloadBytes;
      flight.plan.inFlight--;
    }
  }

  all(): IterableIterator<Flight> {
    return this.#byId.values();
  }

  /** The flights that the runtime must hold to be in flight as well. */
  certain(nowMs: number): Flight[] {
    return [...this.#byId.values()].filter(
      ({ receivedMs, deadlineMs }) => nowMs - receivedMs <= (deadlineMs - receivedMs) / 2,
    );
  }
}
