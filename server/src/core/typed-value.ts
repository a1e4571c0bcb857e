/** A value with its type's name. The runtime never looks inside. */
export interface TypedValue {
  /** "namespace/name", for example "io.statefun.types/long". */
  readonly typename: string;
  /** Null: no value. Zero bytes is a value. */
  readonly value: Uint8Array | null;
}

/**
 * Whether the text is "namespace/name": what stands before the first "/" and what stands behind it
 * are not empty, it does not end with "/", and there is no white space in it. The name may hold
 * further "/".
 */
export function isTypename(text: string): boolean {
  return /^[^/\s]+\/\S*[^/\s]$/.test(text);
}
