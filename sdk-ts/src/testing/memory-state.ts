import type { StateValue } from "@statewire/protos/statewire/v1/stream.js";
import { asBuffer } from "#bytes";
import { StatewireError } from "../errors.js";
import type { RegisteredFunction, RegisteredState } from "../registered-function.js";
import { type StateSlot, unread } from "../session/batch.js";
import { encodeValue } from "../type.js";

interface Stored {
  readonly value: Uint8Array;
  readonly expiresAtMs: number;
}

/**
 * The states of one address, with their expiry in virtual time. Expiry is decided when an invocation
 * starts, as the runtime does: a value that expires while it runs stays valid for it.
 */
export class MemoryState {
  readonly #states: readonly RegisteredState[];
  readonly #stored = new Map<number, Stored>();

  constructor(registered: RegisteredFunction) {
    this.#states = registered.states;
  }

  /** What an invocation that starts now is given: eager states, lazy ones unread. */
  slots(nowMs: number): StateSlot[] {
    return this.#states.map(({ index, declaration }) =>
      declaration.lazy ? unread : this.read(index, nowMs),
    );
  }

  read(index: number, nowMs: number): Buffer | undefined {
    const stored = this.#stored.get(index);
    return stored === undefined || stored.expiresAtMs <= nowMs ? undefined : asBuffer(stored.value);
  }

  /** Applies what an invocation changed, and renews what an invocation renews. */
  apply(changes: readonly StateValue[], nowMs: number): void {
    for (const { index, declaration } of this.#states) {
      const value = this.read(index, nowMs);
      if (value === undefined) {
        this.#stored.delete(index);
      } else if (declaration.expiration?.mode === "after-invocation") {
        this.#write(index, value, nowMs);
      }
    }
    for (const { state, value } of changes) {
      if (value === undefined) {
        this.#stored.delete(state);
      } else {
        this.#write(state, value, nowMs);
      }
    }
  }

  /** Writes states by name, as a test seeds them; `undefined` deletes. */
  seed(values: Readonly<Record<string, unknown>>, nowMs: number): void {
    for (const [name, value] of Object.entries(values)) {
      const state = this.#states.find((candidate) => candidate.name === name);
      if (state === undefined) {
        throw new StatewireError("test-failed", `state ${name} is not declared`);
      }
      if (value === undefined) {
        this.#stored.delete(state.index);
      } else {
        this.#write(state.index, encodeValue(state.declaration.type, value), nowMs);
      }
    }
  }

  /** All states by name, decoded; those without a value are `undefined`. */
  decode(nowMs: number): Record<string, unknown> {
    return Object.fromEntries(
      this.#states.map(({ name, index, declaration }) => {
        const value = this.read(index, nowMs);
        return [name, value === undefined ? undefined : declaration.type.decode(value)];
      }),
    );
  }

  #write(index: number, value: Uint8Array, nowMs: number): void {
    const expiration = this.#states[index]?.declaration.expiration;
    this.#stored.set(index, {
      value,
      expiresAtMs: nowMs + (expiration?.durationMs ?? Number.POSITIVE_INFINITY),
    });
  }
}
