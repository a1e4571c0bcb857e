import { StatewireError } from "./errors.js";
import { describeCause, encodeValue, type Type } from "./type.js";

/** Bytes with the name of their type: what messages, state and records are on the wire. */
export interface TypedValue {
  readonly typename: string;
  /** Absent and empty differ: `undefined` is no value, zero bytes are a value. */
  readonly value: Uint8Array | undefined;
}

/** Ties a {@link Typed} to its value's type; it exists for the compiler alone. */
declare const valueBrand: unique symbol;

/** A {@link TypedValue} that is known to hold a `T`. */
export interface Typed<T, Name extends string = string> extends TypedValue {
  readonly typename: Name;
  readonly [valueBrand]?: (value: T) => T;
}

/**
 * Encodes a value together with its type's name: for functions that take several types, and for
 * addresses of which only the name is known.
 *
 * @throws StatewireError `invalid-value` when the value is not one of the type.
 */
export function typed<T, Name extends string>(type: Type<T, Name>, value: T): Typed<T, Name> {
  return { typename: type.typename, value: encodeValue(type, value) };
}

/**
 * Decodes a value that was received raw.
 *
 * @throws StatewireError `bad-input` when the typename is another one, the value is absent, or its
 * bytes do not decode.
 */
export function fromTypedValue<T>(type: Type<T>, received: TypedValue): T {
  return decodeReceived(type, received.typename, received.value);
}

/** {@link fromTypedValue} without the object. */
export function decodeReceived<T>(
  type: Type<T>,
  typename: string,
  value: Uint8Array | undefined,
): T {
  if (typename !== type.typename) {
    throw new StatewireError(
      "bad-input",
      `expected a value of ${type.typename}, received ${typename}`,
    );
  }
  if (value === undefined) {
    throw new StatewireError("bad-input", `received ${typename} without a value`);
  }
  try {
    return type.decode(value);
  } catch (cause) {
    throw new StatewireError(
      "bad-input",
      `received bytes that are not ${typename}: ${describeCause(cause)}`,
      { cause },
    );
  }
}
