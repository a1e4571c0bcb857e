import { isUtf8 } from "node:buffer";
import type { TypedValue } from "../core/typed-value.js";
import { formatBuiltIn, isBuiltInTypename } from "./built-in-value.js";
import { decodeEgressRecord, type EgressRecord, isEgressRecordTypename } from "./egress-record.js";

/** A typed value as people read it. */
export type ValueText =
  /** No value. Zero bytes is a value. */
  | { readonly kind: "absent" }
  /** One line of JSON. */
  | { readonly kind: "json"; readonly text: string }
  /** Text without control characters but tab and line ends. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "base64"; readonly text: string };

/**
 * The most readable rendering of a value: a built-in value decoded, a record for Kafka or Kinesis as
 * JSON of its fields, JSON as it is, other UTF-8 text as text, the rest in base64. A built-in string is
 * text, every other built-in value JSON; a long has all its digits, and what JSON has no number for is
 * "NaN", "Infinity" or "-Infinity".
 */
export function formatTypedValue(typed: TypedValue): ValueText {
  const { typename, value } = typed;
  if (value === null) return { kind: "absent" };
  const builtIn = formatBuiltIn(typename, value);
  if (builtIn !== undefined) return formatBuiltInText(typename, builtIn);
  const record = decodeEgressRecord(typename, value);
  if (record !== undefined) return { kind: "json", text: formatRecord(record) };
  // By convention the bytes of a protobuf message, which can look like text by chance.
  if (typename.startsWith("type.googleapis.com/")) return { kind: "base64", text: toBase64(value) };
  return formatBytes(value);
}

/** Bytes whose type says nothing: JSON, text, or neither. */
function formatBytes(value: Uint8Array): ValueText {
  if (isUtf8(value)) {
    const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
    if (isJson(text)) return { kind: "json", text: text.trim().replaceAll(/[\r\n]+/g, " ") };
    if (isPrintable(value)) return { kind: "text", text };
  }
  return { kind: "base64", text: toBase64(value) };
}

/**
 * The members of a JSON object that show a value, without braces: `"value":...`, or `"base64":...`
 * for bytes that are neither JSON nor text. No value is `"value":null`.
 */
export function formatValueMembers(typed: TypedValue): string {
  return formatMembers(formatTypedValue(typed));
}

/** {"topic","key","value"}, or what Kinesis has in their place. */
function formatRecord({ fields, value }: EgressRecord): string {
  const members = Object.entries(fields).map(([name, text]) => `"${name}":${JSON.stringify(text)}`);
  return `{${[...members, formatMembers(formatBytes(value))].join(",")}}`;
}

function formatMembers(value: ValueText): string {
  switch (value.kind) {
    case "absent":
      return '"value":null';
    case "json":
      return `"value":${value.text}`;
    case "text":
      return `"value":${JSON.stringify(value.text)}`;
    case "base64":
      return `"base64":"${value.text}"`;
  }
}

/** A value as the whole content of a line, a file or an HTTP body. */
export interface PlainValue {
  readonly bytes: Uint8Array;
  /** As in the header content-type. */
  readonly mediaType: string;
}

const noBytes = new Uint8Array(0);

/**
 * A value by itself: a built-in value as its text, a record for Kafka or Kinesis as JSON of its fields,
 * every other one as the bytes that it is. No
 * value is zero bytes.
 */
export function plainValue(typed: TypedValue): PlainValue {
  const value = formatTypedValue(typed);
  switch (value.kind) {
    case "absent":
      return { bytes: noBytes, mediaType: "application/octet-stream" };
    case "json":
      return { bytes: plainBytes(typed, value.text), mediaType: "application/json" };
    case "text":
      return { bytes: plainBytes(typed, value.text), mediaType: "text/plain; charset=utf-8" };
    case "base64":
      return { bytes: typed.value ?? noBytes, mediaType: "application/octet-stream" };
  }
}

function plainBytes({ typename, value }: TypedValue, text: string): Uint8Array {
  const isRendered = isBuiltInTypename(typename) || isEgressRecordTypename(typename);
  return value === null || isRendered ? new TextEncoder().encode(text) : value;
}

function formatBuiltInText(typename: string, json: string): ValueText {
  const isString = typename === "io.statefun.types/string";
  return isString ? { kind: "text", text: JSON.parse(json) } : { kind: "json", text: json };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every(
    (byte) => (byte >= 0x20 && byte !== 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d,
  );
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
