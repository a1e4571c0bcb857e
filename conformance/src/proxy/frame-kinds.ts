/** Wire types of protobuf: what follows a tag. */
const wireType = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/**
 * The numbers of the message fields that an encoded frame has, each once, in order: a decoder keeps
 * only the last of a oneof. Bytes that are no protobuf message give what comes before the fault.
 */
export function fieldNumbers(frame: Buffer): readonly number[] {
  const numbers = new Set<number>();
  for (let at = 0; at < frame.length; ) {
    const tag = readVarint(frame, at);
    const end = skip(frame, tag.end, tag.value & 7);
    if (end > frame.length) break;
    if ((tag.value & 7) === wireType.delimited) numbers.add(tag.value >>> 3);
    at = end;
  }
  return [...numbers];
}

/** Where a field's value ends; beyond the bytes when it does not. */
function skip(bytes: Buffer, at: number, type: number): number {
  if (type === wireType.varint) return readVarint(bytes, at).end;
  if (type === wireType.fixed64) return at + 8;
  if (type === wireType.fixed32) return at + 4;
  if (type !== wireType.delimited) return Infinity;
  const length = readVarint(bytes, at);
  return length.end + length.value;
}

/** Lengths and tags have at most 32 bits. */
function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return { value: 0, end: Infinity };
}
