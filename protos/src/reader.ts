import { BinaryReader } from "@bufbuild/protobuf/wire";

/**
 * A reader for generated code that does not put U+FFFD in the place of what is no UTF-8: `decodeUtf8` says
 * what becomes of text, and may throw. Generated code ends at a tag that cannot be; whoever wants the whole
 * message compares `pos` with `len` afterwards.
 */
export function createReader(
  bytes: Uint8Array,
  decodeUtf8: (bytes: Uint8Array) => string,
): BinaryReader {
  return new BinaryReader(bytes, decodeUtf8);
}
