import type { FunctionSpec, StateValue } from "@statewire/protos/statewire/v1/stream.js";
import { type StateSlot, unread } from "./batch.js";
import { ProtocolViolation } from "./protocol-violation.js";

/** One entry of the function table, as one stream runs it. */
export class FunctionPlan {
  readonly inFlightMax: number;
  readonly batchMax: number;
  /** By state index, as the table announced it. */
  readonly lazyStates: readonly boolean[];
  /** Invocations of the entry in flight. */
  inFlight = 0;
  readonly #eagerCount: number;

  constructor(spec: FunctionSpec) {
    this.inFlightMax = spec.inFlightMax;
    this.batchMax = spec.batchMax;
    this.lazyStates = spec.states.map((state) => state.lazy);
    this.#eagerCount = this.lazyStates.filter((lazy) => !lazy).length;
  }

  get hasEagerStates(): boolean {
    return this.#eagerCount > 0;
  }

  /**
   * The slots of an invocation that lists its states.
   *
   * @throws ProtocolViolation STATE-1 for an unknown, lazy or repeated state.
   */
  listedSlots(states: readonly StateValue[]): StateSlot[] {
    const slots = this.lazyStates.map(emptySlot);
    let listed: boolean[] | undefined;
    for (const { state, value } of states) {
      listed ??= [];
      if (this.lazyStates[state] !== false || listed[state] === true) {
        throw new ProtocolViolation(
          "STATE-1",
          `state index ${state} is listed, expected each eager state at most once`,
        );
      }
      listed[state] = true;
      slots[state] = value;
    }
    return slots;
  }

  /** Held eager states, with the lazy ones to be read anew. The caller gives the slots away. */
  leasedSlots(held: StateSlot[]): StateSlot[] {
    if (this.#eagerCount === this.lazyStates.length) return held;
    return held.map((slot, state) => (this.lazyStates[state] === true ? unread : slot));
  }

  /** Slots of which nothing is known yet. */
  unreadSlots(): StateSlot[] {
    return this.lazyStates.map(() => unread);
  }

  /** @throws ProtocolViolation LAZY-3 unless the reply holds exactly what was asked for. */
  validateReply(asked: StateQuestion, reply: readonly StateValue[]): void {
    const expected = asked === "eager" ? this.#eagerCount : asked.length;
    const seen = new Set(reply.map(({ state }) => state));
    const matches = [...seen].every((state) =>
      asked === "eager" ? this.lazyStates[state] === false : asked.includes(state),
    );
    if (!matches || seen.size !== expected || reply.length !== expected) {
      throw new ProtocolViolation(
        "LAZY-3",
        `state reply holds states [${[...seen].join(", ")}], expected ${
          asked === "eager" ? "every eager state" : `[${asked.join(", ")}]`
        } once`,
      );
    }
  }
}

/** What a StateRequest asked for: state indexes, or all eager states of a missing lease. */
export type StateQuestion = readonly number[] | "eager";

function emptySlot(lazy: boolean): StateSlot {
  return lazy ? unread : undefined;
}
