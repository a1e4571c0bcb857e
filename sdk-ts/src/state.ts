import { StatewireError } from "./errors.js";
import type { Type } from "./type.js";

/** When the values of a state expire. At most one of the two is given. */
export interface StateOptions {
  /** A value expires this many milliseconds after it was last written. 1 or more. */
  readonly expireAfterWriteMs?: number;
  /**
   * A value expires this many milliseconds after the last invocation of its address, whether or not
   * that invocation touched it. 1 or more.
   */
  readonly expireAfterInvocationMs?: number;
}

/** A state as it is declared: its type, its expiration, and when its value travels. */
export interface StateDeclaration<T, Lazy extends boolean = boolean> {
  readonly type: Type<T>;
  readonly lazy: Lazy;
  readonly expiration: StateExpiration | undefined;
}

/** See {@link StateOptions}. */
export interface StateExpiration {
  readonly mode: "after-write" | "after-invocation";
  readonly durationMs: number;
}

/** The states of a function, by name. */
export type StateDeclarations = Readonly<Record<string, StateDeclaration<unknown>>>;

/** A state whose value comes with the message: reading it costs nothing. */
export interface EagerState<T> {
  /**
   * The value, or `undefined` when there is none. Each call reads what was last written, so changing
   * the object it returns changes nothing until it is `set`.
   *
   * @throws StatewireError `bad-state` when the stored bytes are not of the declared type.
   */
  get(): T | undefined;
  /**
   * Writes the value.
   *
   * @throws StatewireError `invalid-value` when it is not of the declared type, `limit-exceeded`
   * when it is larger than the runtime takes.
   */
  set(value: T): void;
  /** Deletes the value. */
  clear(): void;
}

/** A state whose value is fetched when it is first read. */
export interface LazyState<T> extends Omit<EagerState<T>, "get"> {
  /** As {@link EagerState.get}, after a round trip to the runtime the first time. */
  get(): Promise<T | undefined>;
}

/** What a handler sees of its function's states. */
export type StateAccess<States extends StateDeclarations> = {
  readonly [Name in keyof States]: States[Name] extends StateDeclaration<infer T, infer Lazy>
    ? Lazy extends true
      ? LazyState<T>
      : EagerState<T>
    : never;
};

/**
 * Declares a state: `state(types.long)`, or with an expiration, or lazy. A lazy state is not sent
 * with every message; declare large values that few messages read so.
 *
 * @throws StatewireError `invalid-declaration` when the expiration is not 1 ms or more, or both kinds
 * are given.
 */
export function state<T>(
  type: Type<T>,
  options: StateOptions & { readonly lazy: true },
): StateDeclaration<T, true>;
export function state<T>(
  type: Type<T>,
  options?: StateOptions & { readonly lazy?: false },
): StateDeclaration<T, false>;
export function state<T>(
  type: Type<T>,
  options: StateOptions & { readonly lazy?: boolean } = {},
): StateDeclaration<T> {
  return { type, lazy: options.lazy ?? false, expiration: parseExpiration(options) };
}

function parseExpiration(options: StateOptions): StateExpiration | undefined {
  const { expireAfterWriteMs, expireAfterInvocationMs } = options;
  if (expireAfterWriteMs !== undefined && expireAfterInvocationMs !== undefined) {
    throw new StatewireError(
      "invalid-declaration",
      "a state takes expireAfterWriteMs or expireAfterInvocationMs, not both",
    );
  }
  if (expireAfterWriteMs !== undefined) {
    return expiration("after-write", expireAfterWriteMs);
  }
  return expireAfterInvocationMs === undefined
    ? undefined
    : expiration("after-invocation", expireAfterInvocationMs);
}

function expiration(mode: StateExpiration["mode"], durationMs: number): StateExpiration {
  if (!Number.isSafeInteger(durationMs) || durationMs < 1) {
    throw new StatewireError(
      "invalid-declaration",
      `a state cannot expire ${mode} of ${durationMs} ms: expected an integer of 1 or more`,
    );
  }
  return { mode, durationMs };
}
