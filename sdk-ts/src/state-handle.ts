import { StatewireError } from "./errors.js";
import type { RegisteredState } from "./registered-function.js";
import { isUnread, type StateSlot } from "./session/batch.js";
import type { EagerState, LazyState } from "./state.js";
import { describeCause, encodeValue } from "./type.js";

/** What state handles read from and write to: the input that runs. */
export interface StateHost {
  readSlot(index: number): StateSlot;
  writeSlot(index: number, value: Uint8Array | undefined): void;
  /** Resolves when the slot is no longer unread. */
  loadSlot(index: number): Promise<void>;
}

/** Makes the `ctx.state` of one input. */
export type StateAccessFactory = (host: StateHost) => object;

class EagerHandle implements EagerState<unknown> {
  readonly #host: StateHost;
  readonly #state: RegisteredState;

  constructor(host: StateHost, state: RegisteredState) {
    this.#host = host;
    this.#state = state;
  }

  get(): unknown {
    return decodeSlot(this.#state, this.#host.readSlot(this.#state.index));
  }

  set(value: unknown): void {
    writeValue(this.#host, this.#state, value);
  }

  clear(): void {
    this.#host.writeSlot(this.#state.index, undefined);
  }
}

class LazyHandle implements LazyState<unknown> {
  readonly #host: StateHost;
  readonly #state: RegisteredState;

  constructor(host: StateHost, state: RegisteredState) {
    this.#host = host;
    this.#state = state;
  }

  async get(): Promise<unknown> {
    const { index } = this.#state;
    if (isUnread(this.#host.readSlot(index))) {
      await this.#host.loadSlot(index);
    }
    return decodeSlot(this.#state, this.#host.readSlot(index));
  }

  set(value: unknown): void {
    writeValue(this.#host, this.#state, value);
  }

  clear(): void {
    this.#host.writeSlot(this.#state.index, undefined);
  }
}

/**
 * Builds the class of a function's `ctx.state` once, so that an input pays for the handles that it
 * touches and no others.
 */
export function createStateAccessFactory(states: readonly RegisteredState[]): StateAccessFactory {
  class StateAccess {
    readonly #host: StateHost;

    constructor(host: StateHost) {
      this.#host = host;
    }

    static {
      for (const state of states) {
        Object.defineProperty(StateAccess.prototype, state.name, {
          enumerable: true,
          get(this: StateAccess) {
            return state.declaration.lazy
              ? new LazyHandle(this.#host, state)
              : new EagerHandle(this.#host, state);
          },
        });
      }
    }
  }
  return (host) => new StateAccess(host);
}

function writeValue(host: StateHost, state: RegisteredState, value: unknown): void {
  const bytes = encodeValue(state.declaration.type, value);
  try {
    host.writeSlot(state.index, bytes);
  } catch (cause) {
    if (!(cause instanceof StatewireError) || cause.code !== "limit-exceeded") {
      throw cause;
    }
    throw new StatewireError(cause.code, `state ${state.name}: ${cause.message}`, { cause });
  }
}

function decodeSlot(state: RegisteredState, slot: StateSlot): unknown {
  if (slot === undefined || isUnread(slot)) {
    return undefined;
  }
  const { type } = state.declaration;
  try {
    return type.decode(slot);
  } catch (cause) {
    throw new StatewireError(
      "bad-state",
      `state ${state.name} is not ${type.typename}: ${describeCause(cause)}`,
      { cause },
    );
  }
}
