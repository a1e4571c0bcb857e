/** A value with its type's name. The runtime never looks inside. */
export interface TypedValue {
  /** For example "io.statefun.types/long". */
  readonly typename: string;
  /** Null: no value. Zero bytes is a value. */
  readonly value: Uint8Array | null;
}
