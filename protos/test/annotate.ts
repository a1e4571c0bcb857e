import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { PackageDefinition } from "@grpc/proto-loader";
import { findMessage } from "./loader.js";

/** The widest byte column, in bytes; longer values go on in the next line. */
const lineBytesMax = 12;

/** Where the meaning starts: two levels of indent more than the widest byte column. */
const meaningColumn = 45;

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly typeName: string;
}

/**
 * Lists the bytes of an encoded message: one line for each tag with its value, nested messages
 * indented, and what it means after a semicolon.
 */
export function annotate(
  definitions: PackageDefinition,
  messageName: string,
  bytes: Uint8Array,
): string {
  return annotateMessage({ definitions, messageName, bytes, depth: 0 }).join("\n");
}

/** The bytes of what annotate() has listed. */
export function parseAnnotated(text: string): Uint8Array {
  const hex = text
    .split("\n")
    .map((line) => line.split(";")[0] ?? "")
    .join("")
    .replaceAll(/\s/g, "");
  return Buffer.from(hex, "hex");
}

interface Subject {
  readonly definitions: PackageDefinition;
  readonly messageName: string;
  readonly bytes: Uint8Array;
  readonly depth: number;
}

function annotateMessage(subject: Subject): readonly string[] {
  const { definitions, messageName, bytes, depth } = subject;
  const reader = new BinaryReader(bytes);
  const fields = fieldsOf(definitions, messageName);
  const lines: string[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    const field = fields.find((candidate) => candidate.number === number);
    if (field === undefined) {
      throw new Error(`${messageName} has no field ${number}`);
    }
    if (wireType !== WireType.LengthDelimited) {
      const meaning = `${field.name}: ${readNumber(reader, field, wireType)}`;
      lines.push(...formatLines(bytes.subarray(start, reader.pos), depth, meaning));
      continue;
    }
    const value = reader.bytes();
    if (field.type === "TYPE_MESSAGE") {
      const head = bytes.subarray(start, reader.pos - value.length);
      const nested = `statewire.v1.${field.typeName}`;
      lines.push(
        ...formatLines(head, depth, `${field.name}: ${field.typeName}, ${value.length} bytes`),
        ...annotateMessage({ definitions, messageName: nested, bytes: value, depth: depth + 1 }),
      );
    } else {
      const meaning = `${field.name}: ${formatValue(field, value)}`;
      lines.push(...formatLines(bytes.subarray(start, reader.pos), depth, meaning));
    }
  }
  return lines;
}

function readNumber(reader: BinaryReader, field: Field, wireType: WireType): string {
  if (wireType !== WireType.Varint) {
    throw new Error(`field ${field.name} has wire type ${wireType}, which no frame uses`);
  }
  const value = String(reader.uint64());
  return field.type === "TYPE_BOOL" ? String(value !== "0") : value;
}

function formatValue(field: Field, value: Uint8Array): string {
  if (field.type === "TYPE_STRING") {
    return JSON.stringify(Buffer.from(value).toString("utf8"));
  }
  if (field.type === "TYPE_BYTES") {
    return `${value.length} bytes`;
  }
  const reader = new BinaryReader(value);
  const numbers: string[] = [];
  while (reader.pos < reader.len) {
    numbers.push(String(reader.uint64()));
  }
  return `[${numbers.join(", ")}]`;
}

function formatLines(bytes: Uint8Array, depth: number, meaning: string): readonly string[] {
  const indent = "  ".repeat(depth);
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += lineBytesMax) {
    const part = [...bytes.subarray(start, start + lineBytesMax)];
    const hex = indent + part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    lines.push(start === 0 ? `${hex.padEnd(meaningColumn)} ; ${meaning}` : hex);
  }
  return lines;
}

function fieldsOf(definitions: PackageDefinition, messageName: string): readonly Field[] {
  const { type } = findMessage(definitions, messageName);
  if (!("field" in type) || !Array.isArray(type.field)) {
    throw new Error(`the descriptor of ${messageName} has no fields`);
  }
  return type.field as readonly Field[];
}
