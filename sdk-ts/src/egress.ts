import { parseTypeName } from "./address.js";
import type { Type } from "./type.js";
import type { TypedValue } from "./typed-value.js";

/** Where records for the world outside go. `T` is what it takes. */
export interface Egress<T> {
  /** "namespace/name", as the runtime's module declares it. */
  readonly name: string;
  /** Encodes the records; `undefined` for one that takes {@link TypedValue}s. */
  readonly type: Type<T> | undefined;
}

/**
 * Names an egress of the runtime, with the type of its records. Without a type it takes
 * {@link TypedValue}s.
 *
 * @throws StatewireError `invalid-declaration` when the name is not "namespace/name".
 */
export function egress<T>(name: string, type: Type<T>): Egress<T>;
export function egress(name: string): Egress<TypedValue>;
export function egress<T>(name: string, type?: Type<T>): Egress<T> {
  parseTypeName(name);
  return { name, type };
}
