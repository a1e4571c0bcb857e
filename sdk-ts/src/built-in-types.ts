import { isUtf8 } from "node:buffer";
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
const empty: Buffer = Buffer.alloc(0);
const encodedTrue: Buffer = Buffer.from([tag.bool, 1]);

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
    return value === 0 ? empty : writeFixed32((buffer) => buffer.writeInt32LE(value, 1));
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 5);
    return offset === undefined ? 0 : view(bytes).readInt32LE(offset);
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
    return value === 0n ? empty : writeFixed64((buffer) => buffer.writeBigInt64LE(value, 1));
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 1);
    return offset === undefined ? 0n : view(bytes).readBigInt64LE(offset);
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
    return value === 0 ? empty : writeFixed64((buffer) => writeSafeInteger(buffer, value));
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 1);
    if (offset === undefined) {
      return 0;
    }
    const buffer = view(bytes);
    const value = buffer.readInt32LE(offset + 4) * 2 ** 32 + buffer.readUInt32LE(offset);
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(
        `${buffer.readBigInt64LE(offset)} is not a safe integer; types.long reads it as a bigint`,
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
    return Object.is(Math.fround(value), 0)
      ? empty
      : writeFixed32((buffer) => buffer.writeFloatLE(value, 1));
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 5);
    return offset === undefined ? 0 : view(bytes).readFloatLE(offset);
  },
};

/** A `number`, as `io.statefun.types/double`. */
export const doubleType: Type<number, "io.statefun.types/double"> = {
  typename: "io.statefun.types/double",
  encode(value) {
    assertType(typeof value === "number", "number", value);
    // Negative zero is not the default value: only the bits of +0 are left out.
    return Object.is(value, 0) ? empty : writeFixed64((buffer) => buffer.writeDoubleLE(value, 1));
  },
  decode(bytes) {
    const offset = fixedOffset(bytes, 1);
    return offset === undefined ? 0 : view(bytes).readDoubleLE(offset);
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
    const text = view(bytes).subarray(field.start, field.end);
    if (!isUtf8(text)) {
      throw new TypeError(`${text.length} bytes of text are not UTF-8`);
    }
    return text.toString("utf8");
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

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeFixed32(write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.allocUnsafe(5);
  buffer[0] = tag.fixed32;
  write(buffer);
  return buffer;
}

function writeFixed64(write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.allocUnsafe(9);
  buffer[0] = tag.fixed64;
  write(buffer);
  return buffer;
}

function writeSafeInteger(buffer: Buffer, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  buffer.writeUInt32LE(value - high * 2 ** 32, 1);
  buffer.writeInt32LE(high, 5);
}

function writeString(value: string): Buffer {
  const length = Buffer.byteLength(value);
  const prefix: number[] = [tag.string];
  let rest = length;
  while (rest > 0x7f) {
    prefix.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  prefix.push(rest);
  const buffer = Buffer.allocUnsafe(prefix.length + length);
  buffer.set(prefix);
  buffer.write(value, prefix.length, "utf8");
  return buffer;
}
