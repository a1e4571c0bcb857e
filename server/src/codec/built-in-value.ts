import { isUtf8 } from "node:buffer";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/*
 * The six built-in types, in the form people read: JSON. Their bytes are StateFun's: a protobuf
 * message with the value in field 1; the default value is zero bytes.
 *
 *     bool     08 01                       string   0A <length varint> <UTF-8>
 *     int      0D <4 bytes, sfixed32>      float    0D <4 bytes>
 *     long     09 <8 bytes, sfixed64>      double   09 <8 bytes>
 *
 * JSON forms: a long is a number with all its digits (parse it as a big integer where it may pass
 * 2^53), and may be written as a string of digits; NaN and the infinities are strings.
 */

interface BuiltIn {
  readonly wireType: WireType;
  /** What a value looks like, for people. */
  readonly expected: string;
  /** Writes the value of field 1; undefined: the text is no such value. */
  readonly write: (json: string, writer: BinaryWriter) => BinaryWriter | undefined;
  /** Reads the value of field 1 as JSON; undefined: there is no such value. */
  readonly read: (reader: BinaryReader) => string | undefined;
  /** The JSON of zero bytes. */
  readonly zero: string;
}

const builtIns = new Map<string, BuiltIn>([
  [
    "io.statefun.types/bool",
    {
      wireType: WireType.Varint,
      expected: "true or false",
      write: writeBool,
      read: (reader) => String(reader.bool()),
      zero: "false",
    },
  ],
  [
    "io.statefun.types/int",
    {
      wireType: WireType.Bit32,
      expected: "an integer of 32 bits",
      write: writeInt,
      read: (reader) => String(reader.sfixed32()),
      zero: "0",
    },
  ],
  [
    "io.statefun.types/long",
    {
      wireType: WireType.Bit64,
      expected: "an integer of 64 bits",
      write: writeLong,
      read: (reader) => String(reader.sfixed64()),
      zero: "0",
    },
  ],
  [
    "io.statefun.types/float",
    {
      wireType: WireType.Bit32,
      expected: "a number",
      write: (json, writer) => {
        const value = parseReal(json);
        const rounded = value === undefined ? undefined : Math.fround(value);
        if (rounded === undefined || isOverflow(value, rounded)) return;
        return Object.is(rounded, 0) ? writer : writer.uint32(0x0d).float(rounded);
      },
      read: (reader) => formatReal(reader.float(), shortestFloat),
      zero: "0",
    },
  ],
  [
    "io.statefun.types/double",
    {
      wireType: WireType.Bit64,
      expected: "a number",
      write: (json, writer) => {
        const value = parseReal(json);
        if (value === undefined) return;
        // Negative zero is not the default value: only +0 is left out.
        return Object.is(value, 0) ? writer : writer.uint32(0x09).double(value);
      },
      read: (reader) => formatReal(reader.double(), String),
      zero: "0",
    },
  ],
  [
    "io.statefun.types/string",
    {
      wireType: WireType.LengthDelimited,
      expected: "a string",
      write: writeString,
      read: (reader) => {
        const bytes = reader.bytes();
        return isUtf8(bytes) ? JSON.stringify(Buffer.from(bytes).toString("utf8")) : undefined;
      },
      zero: '""',
    },
  ],
]);

/** Whether the typename is one of the six that have a JSON form. */
export function isBuiltInTypename(typename: string): boolean {
  return builtIns.has(typename);
}

/** What a value of a built-in type looks like in JSON, for error messages. */
export function describeBuiltIn(typename: string): string {
  return builtIns.get(typename)?.expected ?? "bytes";
}

/** The bytes of a built-in value that is written as JSON; undefined when the text is not one. */
export function encodeBuiltIn(typename: string, json: string): Uint8Array | undefined {
  return builtIns.get(typename)?.write(json.trim(), new BinaryWriter())?.finish();
}

/** The JSON of a built-in value; undefined for other types, and for bytes that are not one. */
export function formatBuiltIn(typename: string, bytes: Uint8Array): string | undefined {
  const builtIn = builtIns.get(typename);
  if (builtIn === undefined) return undefined;
  let json: string | undefined = builtIn.zero;
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field !== 1) reader.skip(wireType, field);
      else if (wireType !== builtIn.wireType) return undefined;
      else json = builtIn.read(reader);
    }
  } catch {
    // Bytes that are not protobuf have no JSON form: the caller shows them as they are.
    return undefined;
  }
  return json;
}

function writeBool(json: string, writer: BinaryWriter): BinaryWriter | undefined {
  if (json === "false") return writer;
  return json === "true" ? writer.uint32(0x08).bool(true) : undefined;
}

function writeInt(json: string, writer: BinaryWriter): BinaryWriter | undefined {
  const value = parseInteger(json);
  if (value === undefined || value !== BigInt.asIntN(32, value)) return undefined;
  return value === 0n ? writer : writer.uint32(0x0d).sfixed32(Number(value));
}

function writeLong(json: string, writer: BinaryWriter): BinaryWriter | undefined {
  const value = parseInteger(json);
  if (value === undefined || value !== BigInt.asIntN(64, value)) return undefined;
  return value === 0n ? writer : writer.uint32(0x09).sfixed64(value);
}

/** Digits, or a string of them. Not by JSON.parse: that would round beyond 2^53. */
function parseInteger(json: string): bigint | undefined {
  const digits = json.startsWith('"') && json.endsWith('"') ? json.slice(1, -1) : json;
  return /^-?(?:0|[1-9]\d{0,18})$/.test(digits) ? BigInt(digits) : undefined;
}

/** Whether a finite number has no finite form of 32 bits. */
function isOverflow(value: number | undefined, rounded: number): boolean {
  return Number.isFinite(value) && !Number.isFinite(rounded);
}

function parseReal(json: string): number | undefined {
  const text = json.startsWith('"') && json.endsWith('"') ? json.slice(1, -1) : json;
  if (text === "NaN") return Number.NaN;
  if (text === "Infinity") return Number.POSITIVE_INFINITY;
  if (text === "-Infinity") return Number.NEGATIVE_INFINITY;
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(json)) return undefined;
  const value = Number(json);
  return Number.isFinite(value) ? value : undefined;
}

function formatReal(value: number, format: (value: number) => string): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : format(value);
}

/** The fewest digits that read back as the same 32 bits: 0.1, not 0.10000000149011612. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(value);
}

function writeString(json: string, writer: BinaryWriter): BinaryWriter | undefined {
  const value = parseString(json);
  if (value === undefined) return undefined;
  return value === "" ? writer : writer.uint32(0x0a).string(value);
}

function parseString(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    // A lone surrogate has no UTF-8 form.
    return typeof value === "string" && !/\p{Surrogate}/u.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
