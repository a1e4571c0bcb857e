/*
 * What node-bytes.ts does, with what every JavaScript runtime has.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Characters that one call of String.fromCharCode takes: its arguments are on the stack. */
const argumentsMax = 8192;

export function allocateBytes(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Where there is no gRPC nobody needs a Buffer: the bytes stay what they are. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes as Buffer;
}

export function asWireBytes(bytes: Uint8Array): Buffer {
  return bytes as Buffer;
}

export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

export function writeUtf8(target: Uint8Array, text: string, offset: number): void {
  encoder.encodeInto(text, target.subarray(offset));
}

export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function encodeBase64(bytes: Uint8Array): string {
  let characters = "";
  for (let start = 0; start < bytes.length; start += argumentsMax) {
    characters += String.fromCharCode(...bytes.subarray(start, start + argumentsMax));
  }
  return btoa(characters);
}

export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
