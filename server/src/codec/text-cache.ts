import { isUtf8 } from "node:buffer";

const slots = 2048;
const lengthMax = 64;

/**
 * Turns bytes into text, and remembers short ones: type names and typenames come again and again,
 * and a comparison of bytes is cheaper than a new string. A slot holds the last text that fell into
 * it, so memory is bounded.
 */
export class TextCache {
  readonly #bytes: (Uint8Array | undefined)[] = new Array(slots);
  readonly #texts: string[] = new Array<string>(slots).fill("");

  /** The text of the bytes; undefined when they are not UTF-8. */
  read(buffer: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (length === 0) return "";
    if (length > lengthMax) return decodeText(buffer, start, end);
    const slot = hash(buffer, start, end);
    const known = this.#bytes[slot];
    if (known !== undefined && equal(known, buffer, start, length)) return this.#texts[slot];
    const text = decodeText(buffer, start, end);
    if (text === undefined) return undefined;
    this.#bytes[slot] = Uint8Array.prototype.slice.call(buffer, start, end);
    this.#texts[slot] = text;
    return text;
  }
}

/** The text of the bytes; undefined when they are not UTF-8. */
export function decodeText(buffer: Buffer, start: number, end: number): string | undefined {
  for (let at = start; at < end; at++) {
    if ((buffer[at] as number) < 0x80) continue;
    return isUtf8(buffer.subarray(start, end)) ? buffer.toString("utf8", start, end) : undefined;
  }
  return buffer.toString("latin1", start, end);
}

function hash(buffer: Buffer, start: number, end: number): number {
  let mixed = end - start;
  for (let at = start; at < end; at += 3) mixed = Math.imul(mixed, 31) + (buffer[at] as number);
  return (Math.imul(mixed, 31) + (buffer[end - 1] as number)) & (slots - 1);
}

function equal(known: Uint8Array, buffer: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== buffer[start + at]) return false;
  return true;
}
