import { StatewireError } from "./errors.js";
import type { Type } from "./type.js";
import { decodeReceived, type Typed, type TypedValue } from "./typed-value.js";

/**
 * What a function takes: one type, several told apart by typename, or (`undefined`) any typed value
 * as it is.
 */
export type Accepts = Type<unknown> | readonly Type<unknown>[] | undefined;

/** Keeps messages of similar shape apart; it exists for the compiler alone. */
declare const messageBrand: unique symbol;

/**
 * One of several messages that a function accepts. `typename` tells which where the compiler knows
 * the typenames; `is` always does.
 */
export interface ReceivedMessage<T, Name extends string = string> {
  readonly typename: Name;
  readonly value: T;
  readonly [messageBrand]?: (value: T) => T;
  /** Whether this is a message of the type; narrows `value`. */
  is<U>(type: Type<U>): this is ReceivedMessage<U>;
}

type ReceivedOf<Member> =
  Member extends Type<infer T, infer Name> ? ReceivedMessage<T, Name> : never;

type TypedOf<Member> = Member extends Type<infer T, infer Name> ? Typed<T, Name> : never;

/** What a handler receives, by what its function accepts. */
export type MessageOf<A extends Accepts> = A extends readonly Type<unknown>[]
  ? ReceivedOf<A[number]>
  : A extends Type<infer T>
    ? T
    : TypedValue;

/** What can be sent to a function, by what it accepts: for several types, a `typed(...)` of one. */
export type SendableTo<A extends Accepts> = A extends readonly Type<unknown>[]
  ? TypedOf<A[number]>
  : A extends Type<infer T>
    ? T
    : TypedValue;

/** Turns received bytes into what a handler takes. */
export type MessageDecoder = (typename: string, value: Uint8Array | undefined) => unknown;

class Received<T> implements ReceivedMessage<T> {
  readonly typename: string;
  readonly value: T;

  constructor(typename: string, value: T) {
    this.typename = typename;
    this.value = value;
  }

  is<U>(type: Type<U>): this is ReceivedMessage<U> {
    return type.typename === this.typename;
  }
}

/**
 * The decoder for what a function accepts. It throws StatewireError `bad-input` for every other
 * typename and for bytes that do not decode.
 *
 * @throws StatewireError `invalid-declaration` when two accepted types share a typename.
 */
export function createMessageDecoder(accepts: Accepts): MessageDecoder {
  if (accepts === undefined) {
    return (typename, value): TypedValue => ({ typename, value });
  }
  if (!isTypeList(accepts)) {
    return (typename, value) => decodeReceived(accepts, typename, value);
  }
  const byTypename = indexByTypename(accepts);
  return (typename, value) => {
    const type = byTypename.get(typename);
    if (type === undefined) {
      const known = [...byTypename.keys()].join(", ");
      throw new StatewireError("bad-input", `expected one of ${known}, received ${typename}`);
    }
    return new Received(typename, decodeReceived(type, typename, value));
  };
}

/** Array.isArray does not narrow readonly arrays out of a union. */
export function isTypeList(accepts: Accepts): accepts is readonly Type<unknown>[] {
  return Array.isArray(accepts);
}

function indexByTypename(list: readonly Type<unknown>[]): ReadonlyMap<string, Type<unknown>> {
  const byTypename = new Map<string, Type<unknown>>();
  for (const type of list) {
    if (byTypename.has(type.typename)) {
      throw new StatewireError("invalid-declaration", `${type.typename} is accepted twice`);
    }
    byTypename.set(type.typename, type);
  }
  return byTypename;
}
