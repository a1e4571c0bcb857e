import { utf8Length } from "#bytes";
import { StatewireError } from "./errors.js";

/**
 * How values of `T` become bytes and back, under a name that every language shares. `Name` is the
 * typename as a literal where the compiler knows it: it tells the members of a union apart.
 */
export interface Type<T, Name extends string = string> {
  /** "namespace/name", for example "io.statefun.types/long". */
  readonly typename: Name;
  /**
   * Bytes that nobody changes afterwards.
   *
   * @throws when the value is not one of this type.
   */
  encode(value: T): Uint8Array;
  /**
   * The value of the bytes, which it neither changes nor keeps.
   *
   * @throws when the bytes are not a value of this type.
   */
  decode(bytes: Uint8Array): T;
}

/** The values of a {@link Type}. */
export type ValueOf<A> = A extends Type<infer T> ? T : never;

const typenameBytesMax = 255;

/**
 * Checks a typename and returns it.
 *
 * @throws StatewireError `invalid-declaration` when it is not "namespace/name" of at most 255 bytes.
 */
export function validateTypename<Name extends string>(typename: Name): Name {
  const slash = typename.lastIndexOf("/");
  const complete = slash > 0 && slash < typename.length - 1;
  if (!complete || utf8Length(typename) > typenameBytesMax) {
    throw new StatewireError(
      "invalid-declaration",
      `typename "${typename}" is not "namespace/name" of at most ${typenameBytesMax} bytes`,
    );
  }
  return typename;
}

/**
 * Encodes a value for the wire.
 *
 * @throws StatewireError `invalid-value`, with the type's own error as its cause.
 */
export function encodeValue<T>(type: Type<T>, value: T): Uint8Array {
  try {
    return type.encode(value);
  } catch (cause) {
    throw new StatewireError(
      "invalid-value",
      `value cannot be encoded as ${type.typename}: ${describeCause(cause)}`,
      { cause },
    );
  }
}

/** The message of anything that was thrown. */
export function describeCause(cause: unknown): string {
  if (cause instanceof Error) {
    return cause.message;
  }
  return typeof cause === "string" ? cause : `a thrown ${typeof cause}`;
}
