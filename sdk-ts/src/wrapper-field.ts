/** The wire types of protobuf that a field may have. */
export type WireType = 0 | 1 | 2 | 5;

/**
 * Finds field 1 of a protobuf message: the byte range of its last occurrence, or `undefined` when
 * the message does not carry it. The built-in types are messages with that one field; other fields
 * are skipped, as protobuf asks.
 *
 *     tag (varint: field << 3 | wire type)   payload (by wire type)   ...repeated
 *
 * @throws RangeError when the bytes are not a protobuf message or field 1 has another wire type.
 */
export function findWrapperField(
  bytes: Uint8Array,
  wireType: WireType,
): { readonly start: number; readonly end: number } | undefined {
  let found: { start: number; end: number } | undefined;
  let position = 0;
  while (position < bytes.length) {
    const tag = readVarint(bytes, position);
    const payload = locatePayload(bytes, tag.end, tag.value & 7);
    if (tag.value >>> 3 === 1) {
      if ((tag.value & 7) !== wireType) {
        throw new RangeError(`field 1 has wire type ${tag.value & 7}, not ${wireType}`);
      }
      found = payload;
    }
    position = payload.end;
  }
  return found;
}

function locatePayload(
  bytes: Uint8Array,
  position: number,
  wireType: number,
): { start: number; end: number } {
  const range = payloadRange(bytes, position, wireType);
  if (range.end > bytes.length) {
    throw new RangeError(`field ends at byte ${range.end} of ${bytes.length}`);
  }
  return range;
}

function payloadRange(
  bytes: Uint8Array,
  position: number,
  wireType: number,
): { start: number; end: number } {
  switch (wireType) {
    case 0:
      return { start: position, end: readVarint(bytes, position).end };
    case 1:
      return { start: position, end: position + 8 };
    case 2: {
      const length = readVarint(bytes, position);
      return { start: length.end, end: length.end + length.value };
    }
    case 5:
      return { start: position, end: position + 4 };
    default:
      throw new RangeError(`wire type ${wireType} is unknown`);
  }
}

/** The low 32 bits of a varint; longer ones are read to their end and truncated. */
function readVarint(
  bytes: Uint8Array,
  position: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[position + index];
    if (byte === undefined) {
      break;
    }
    if (index < 5) {
      value |= (byte & 0x7f) << (7 * index);
    }
    if (byte < 0x80) {
      return { value: value >>> 0, end: position + index + 1 };
    }
  }
  throw new RangeError(`varint at byte ${position} does not end`);
}
