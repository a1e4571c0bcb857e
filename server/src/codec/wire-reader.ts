import { ProtocolViolation } from "./protocol-violation.js";
import type { TextCache } from "./text-cache.js";
import { decodeText } from "./text-cache.js";
import type { ValueSlab } from "./value-slab.js";

const integerMax = Number.MAX_SAFE_INTEGER;

/**
 * Reads protobuf from foreign bytes. Every read checks its bounds; what is not protobuf is a
 * ProtocolViolation of FRAME-2, an integer above 2^53 - 1 one of LIMIT-7.
 */
export class WireReader {
  readonly #buffer: Buffer;
  readonly #texts: TextCache;
  readonly #slab: ValueSlab;
  #at: number;
  #end: number;

  constructor(buffer: Buffer, memory: { readonly texts: TextCache; readonly slab: ValueSlab }) {
    this.#buffer = buffer;
    this.#texts = memory.texts;
    this.#slab = memory.slab;
    this.#at = 0;
    this.#end = buffer.length;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  varint(): number {
    const buffer = this.#buffer;
    if (this.#at >= this.#end) throw cut();
    const first = buffer[this.#at++] as number;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (let count = 1; count < 10; count++) {
      if (this.#at >= this.#end) throw cut();
      const byte = buffer[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > integerMax) throw new ProtocolViolation("LIMIT-7", "an integer above 2^53 - 1");
        return value;
      }
      scale *= 0x80;
    }
    throw new ProtocolViolation("FRAME-2", "a varint of more than 10 bytes");
  }

  /** A whole number that fits 32 bits; protobuf cuts what is larger. */
  u32(): number {
    return this.varint() >>> 0;
  }

  bool(): boolean {
    return this.varint() !== 0;
  }

  /** Begins a nested message: reads stop at its end. Returns what leave() needs. */
  enter(): number {
    const length = this.varint();
    const outer = this.#end;
    if (this.#at + length > outer) throw cut();
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#end = outer;
  }

  /** Bytes, copied: a small value must not keep its whole frame in memory. */
  bytes(): Uint8Array {
    const length = this.#span();
    return this.#slab.copy(this.#buffer, this.#at - length, this.#at);
  }

  /** Bytes where they are: as long as the frame is not needed otherwise, and nobody keeps them. */
  view(): Uint8Array {
    const length = this.#span();
    const { buffer, byteOffset } = this.#buffer;
    return new Uint8Array(buffer, byteOffset + this.#at - length, length);
  }

  /** A text that comes once. */
  text(): string {
    const length = this.#span();
    const text = decodeText(this.#buffer, this.#at - length, this.#at);
    return this.#valid(text);
  }

  /** A text that comes again and again. */
  name(): string {
    const length = this.#span();
    const text = this.#texts.read(this.#buffer, this.#at - length, this.#at);
    return this.#valid(text);
  }

  /** Passes over a field that is not known. [FRAME-3] */
  skip(tag: number): void {
    if (tag < 8) throw new ProtocolViolation("FRAME-2", "a field with number 0");
    switch (tag & 7) {
      case 0:
        this.#skipVarint();
        break;
      case 1:
        this.#skipBytes(8);
        break;
      case 2:
        this.#span();
        break;
      case 5:
        this.#skipBytes(4);
        break;
      default:
        throw new ProtocolViolation("FRAME-2", `wire type ${tag & 7}`);
    }
  }

  #span(): number {
    const length = this.varint();
    if (this.#at + length > this.#end) throw cut();
    this.#at += length;
    return length;
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      if (this.#at >= this.#end) throw cut();
      if ((this.#buffer[this.#at++] as number) < 0x80) return;
    }
    throw new ProtocolViolation("FRAME-2", "a varint of more than 10 bytes");
  }

  #skipBytes(length: number): void {
    if (this.#at + length > this.#end) throw cut();
    this.#at += length;
  }

  #valid(text: string | undefined): string {
    if (text === undefined) throw new ProtocolViolation("FRAME-2", "a string that is not UTF-8");
    return text;
  }
}

function cut(): ProtocolViolation {
  return new ProtocolViolation("FRAME-2", "a message that ends within a field");
}
