/*
 * What this package needs of bytes and text, where there is Node. `#bytes` names this module there and
 * web-bytes.ts anywhere else; both have the same exports, and a test holds them against each other.
 */
import { Buffer, isUtf8 } from "node:buffer";

/** Up to here the engine keeps bytes among its objects, and needs no memory from elsewhere. */
const inHeapBytesMax = 64;

/** Bytes to be written over, which hold anything. */
export function allocateBytes(length: number): Uint8Array {
  return Buffer.allocUnsafe(length);
}

/** The same bytes in memory of their own. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length <= inHeapBytesMax) {
    return new Uint8Array(bytes);
  }
  const copy = Buffer.allocUnsafe(length);
  copy.set(bytes);
  return copy;
}

/** The same bytes as the generated code of the gRPC stream types them; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The same, where nothing but bytes is read from them: they may be no Buffer. To make one of bytes that
 * the engine keeps among its objects would move them elsewhere.
 */
export function asWireBytes(bytes: Uint8Array): Buffer {
  return bytes as Buffer;
}

/** Bytes of a text in UTF-8. Half of a surrogate pair counts as U+FFFD, which replaces it. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}

export function encodeUtf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

/** Writes a text; the target has room for all of it. */
export function writeUtf8(target: Uint8Array, text: string, offset: number): void {
  asBuffer(target).write(text, offset, "utf8");
}

/** The text, a byte order mark included; `undefined` when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? asBuffer(bytes).toString("utf8") : undefined;
}

export function encodeBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("base64");
}

/** The bytes; `undefined` when the text is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined;
}
