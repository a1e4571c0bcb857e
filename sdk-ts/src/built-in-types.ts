import { allocateBytes, decodeUtf8, utf8Length, writeUtf8 } from "#bytes";
import {
  readDouble,
  readFloat,
  readInt32,
  readInt64,
  readUint32,
  writeDouble,
  writeFloat,
  writeInt32,
  writeInt64,
  writeUint32,
} from "./bytes/little-endian.js";
import type { Type } from "./type.js";
import { findWrapperField } from "./wrapper-field.js";

/*
 * StateFun's six types. Each is a protobuf message with its value in field 1, so the default value
 * encodes to zero bytes, and reading zero bytes gives the default value:
 *
 *     bool     08 01                       string   0A <length varint> <UTF-8>
 *     int      0D <4 bytes, sfixed32>      float    0D <4 bytes>
 *     long     09 <8 bytes, sfixed64>      double   09 <8 bytes>
 *
 * A decoder first looks for exactly that, then falls back to reading any protobuf message.
 */

const tag = { bool: 0x08, fixed32: 0x0d, fixed64: 0x09, string: 0x0a } as const;
const empty: Uint8Array = allocateBytes(0);
const encodedTrue: Uint8Array = Uint8Array.of(tag.bool, 1);

/** `boolean`, as `io.statefun.types/bool`. */
export const boolType: Type<boolean, "io.statefun.types/bool"> = {
  typename: "io.statefun.types/bool",
  encode(value) {
    assertType(typeof value === "boolean", "boolean", value);
    return value ? encodedTrue : empty;
  },
  decode(bytes) {
    const field = findWrapperField(bytes, 0);
    return field !== undefined && bytes.subarray(field.start, field.end).some(isNonZeroVarintByte);
  },
};

/** A `number` that is a 32-bit signed integer, as `io.statefun.types/int`. */
export const intType: Type<number, "io.statefun.types/int"> = {
  typename: "io.statefun.types/int",
  encode(value) {
    assertType((value | 0) === value, "32-bit integer", value);
    return value === 0 ? empty : writeFixed32(writeInt32, value);
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 5);
    return offset === undefined ? 0 : readInt32(bytes, offset);
  },
};

/**
 * A `bigint` of 64 bits, as `io.statefun.types/long`. It is a bigint because the other languages
 * write all 64 bits: a number would corrupt what it reads above 2^53. Where you know your values,
 * {@link safeLongType} reads the same bytes as a number.
 */
export const longType: Type<bigint, "io.statefun.types/long"> = {
  typename: "io.statefun.types/long",
  encode(value) {
    assertType(typeof value === "bigint", "bigint", value);
    assertType(BigInt.asIntN(64, value) === value, "bigint of 64 bits", value);
    return value === 0n ? empty : writeFixed64(writeInt64, value);
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 1);
    return offset === undefined ? 0n : readInt64(bytes, offset);
  },
};

/**
 * A `number` that is a safe integer, in the bytes and under the name of `io.statefun.types/long`.
 * Encoding and decoding throw beyond 2^53 - 1 instead of rounding.
 */
export const safeLongType: Type<number, "io.statefun.types/long"> = {
  typename: "io.statefun.types/long",
  encode(value) {
    assertType(Number.isSafeInteger(value), "safe integer", value);
    return value === 0 ? empty : writeFixed64(writeSafeInteger, value);
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 1);
    if (offset === undefined) {
      return 0;
    }
    const value = readInt32(bytes, offset + 4) * 2 ** 32 + readUint32(bytes, offset);
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(
        `${readInt64(bytes, offset)} is not a safe integer; types.long reads it as a bigint`,
      );
    }
    return value;
  },
};

/** A `number`, rounded to 32 bits, as `io.statefun.types/float`. */
export const floatType: Type<number, "io.statefun.types/float"> = {
  typename: "io.statefun.types/float",
  encode(value) {
    assertType(typeof value === "number", "number", value);
    return Object.is(Math.fround(value), 0) ? empty : writeFixed32(writeFloat, value);
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 5);
    return offset === undefined ? 0 : readFloat(bytes, offset);
  },
};

/** A `number`, as `io.statefun.types/double`. */
export const doubleType: Type<number, "io.statefun.types/double"> = {
  typename: "io.statefun.types/double",
  encode(value) {
    assertType(typeof value === "number", "number", value);
    // Negative zero is not the default value: only the bits of +0 are left out.
    return Object.is(value, 0) ? empty : writeFixed64(writeDouble, value);
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 1);
    return offset === undefined ? 0 : readDouble(bytes, offset);
  },
};

/** A `string`, as `io.statefun.types/string`. */
export const stringType: Type<string, "io.statefun.types/string"> = {
  typename: "io.statefun.types/string",
  encode(value) {
    assertType(typeof value === "string", "string", value);
    return value === "" ? empty : writeString(value);
  },
  decode(bytes) {
    const field = findWrapperField(bytes, 2);
    if (field === undefined) {
      return "";
    }
    const text = decodeUtf8(bytes.subarray(field.start, field.end));
    if (text === undefined) {
      throw new TypeError(`${field.end - field.start} bytes of text are not UTF-8`);
    }
    return text;
  },
};

function assertType(holds: boolean, expected: string, value: unknown): void {
  if (!holds) {
    throw new TypeError(`expected a ${expected}, received ${describeValue(value)}`);
  }
}

function describeValue(value: unknown): string {
  return typeof value === "number" || typeof value === "bigint"
    ? `${typeof value} ${value}`
    : typeof value;
}

function isNonZeroVarintByte(byte: number): boolean {
  return (byte & 0x7f) !== 0;
}

/** Where the fixed-width value of field 1 begins; `undefined` when the message lacks it. */
function fixedOffset(bytes: Uint8Array, wireType: 1 | 5): number | undefined {
  const length = wireType === 1 ? 9 : 5;
  if (bytes.length === length && bytes[0] === (wireType === 1 ? tag.fixed64 : tag.fixed32)) {
    return 1;
  }
  return findWrapperField(bytes, wireType)?.start;
}

/** Writes a number behind the tag. */
type NumberWriter<T> = (bytes: Uint8Array, value: T, offset: number) => void;

function writeFixed32(write: NumberWriter<number>, value: number): Uint8Array {
  const bytes = allocateBytes(5);
  bytes[0] = tag.fixed32;
  write(bytes, value, 1);
  return bytes;
}

function writeFixed64<T>(write: NumberWriter<T>, value: T): Uint8Array {
  const bytes = allocateBytes(9);
  bytes[0] = tag.fixed64;
  write(bytes, value, 1);
  return bytes;
}

function writeSafeInteger(bytes: Uint8Array, value: number, offset: number): void {
  const high = Math.floor(value / 2 ** 32);
  writeUint32(bytes, value - high * 2 ** 32, offset);
  writeInt32(bytes, high, offset + 4);
}

function writeString(value: string): Uint8Array {
  const length = utf8Length(value);
  const prefix: number[] = [tag.string];
  let rest = length;
  while (rest > 0x7f) {
    prefix.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  prefix.push(rest);
  const bytes = allocateBytes(prefix.length + length);
  bytes.set(prefix);
  writeUtf8(bytes, value, prefix.length);
  return bytes;
}
