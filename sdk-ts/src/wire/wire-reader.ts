import { Buffer, isUtf8 } from "node:buffer";
import { asWireBytes } from "#bytes";
import { ProtocolViolation } from "../session/protocol-violation.js";

/** The last typenames that were read, by length: a stream names few, again and again. */
const internSlots = 64;

interface Interned {
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Reads protobuf from one frame, front to back. What a frame must not hold is refused with the
 * clause that it breaks: FRAME-2 for bytes that are not protobuf or text that is not UTF-8, LIMIT-7
 * for integers beyond 2^53 - 1.
 */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #memory: ArrayBufferLike;
  readonly #memoryOffset: number;
  readonly #interned: (Interned | undefined)[];
  position = 0;

  constructor(bytes: Buffer, interned: (Interned | undefined)[]) {
    this.#bytes = bytes;
    this.#memory = bytes.buffer;
    this.#memoryOffset = bytes.byteOffset;
    this.#interned = interned;
  }

  /** A tag, or any other number of 32 bits; larger ones are cut, as protobuf says. */
  uint32(): number {
    const short = this.#shortVarint();
    return short === -1 ? this.#longVarint().low : short;
  }

  /** A number of 64 bits. */
  uint64(): number {
    const short = this.#shortVarint();
    if (short !== -1) {
      return short;
    }
    const { low, high } = this.#longVarint();
    const value = high * 2 ** 32 + low;
    if (!Number.isSafeInteger(value)) {
      throw new ProtocolViolation("LIMIT-7", "integer beyond 2^53 - 1");
    }
    return value;
  }

  bool(): boolean {
    const { low, high } = this.#longVarint();
    return low !== 0 || high !== 0;
  }

  /** The end of a message whose length comes next. */
  messageEnd(): number {
    const length = this.uint32();
    const end = this.position + length;
    if (end > this.#bytes.length) {
      throw torn(end, this.#bytes.length);
    }
    return end;
  }

  /** Bytes, as a view of the frame: a plain one, which takes half the time of a Buffer. */
  bytes(): Buffer {
    const end = this.messageEnd();
    const length = end - this.position;
    const value = new Uint8Array(this.#memory, this.#memoryOffset + this.position, length);
    this.position = end;
    return asWireBytes(value);
  }

  string(): string {
    const start = this.position;
    const end = this.messageEnd();
    const from = this.position;
    this.position = end;
    if (isAscii(this.#bytes, from, end)) {
      return this.#bytes.toString("latin1", from, end);
    }
    const text = this.#bytes.toString("utf8", from, end);
    // A replacement character is either what was sent, or stands for what is not UTF-8.
    if (text.includes("\uFFFD") && !isUtf8(this.#bytes.subarray(from, end))) {
      throw new ProtocolViolation("FRAME-2", `text at byte ${start} is not UTF-8`);
    }
    return text;
  }

  /** Passes over a text, which {@link LateText.read} makes when somebody asks for it. */
  lateText(): LateText | string {
    const start = this.position;
    const end = this.messageEnd();
    const from = this.position;
    if (isAscii(this.#bytes, from, end)) {
      this.position = end;
      return new LateText(this.#bytes, from, end);
    }
    this.position = start;
    return this.string();
  }

  /** Text that comes again and again: the same text is the same string, without a copy. */
  internedString(): string {
    const start = this.position;
    const end = this.messageEnd();
    const length = end - this.position;
    const slot = length % internSlots;
    const interned = this.#interned[slot];
    if (interned?.bytes.length === length && this.#holds(interned.bytes)) {
      this.position = end;
      return interned.text;
    }
    this.position = start;
    const text = this.string();
    const bytes = Buffer.from(this.#bytes.subarray(end - length, end));
    this.#interned[slot] = { bytes, text };
    return text;
  }

  /** Skips a field that nobody knows, after its tag. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#longVarint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.position = this.messageEnd();
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new ProtocolViolation("FRAME-2", `wire type ${tag & 7} at byte ${this.position}`);
    }
  }

  #holds(bytes: Buffer): boolean {
    for (let index = 0; index < bytes.length; index++) {
      if (bytes[index] !== this.#bytes[this.position + index]) {
        return false;
      }
    }
    return true;
  }

  #advance(count: number): void {
    this.position += count;
    if (this.position > this.#bytes.length) {
      throw torn(this.position, this.#bytes.length);
    }
  }

  /** A varint of up to four bytes; -1, and nothing read, for any other. */
  #shortVarint(): number {
    const bytes = this.#bytes;
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.position++];
      if (byte === undefined) {
        break;
      }
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    this.position = start;
    return -1;
  }

  #longVarint(): { readonly low: number; readonly high: number } {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.position];
      if (byte === undefined) {
        throw torn(this.position + 1, this.#bytes.length);
      }
      this.position++;
      const bits = byte & 0x7f;
      if (index < 4) {
        low |= bits << (7 * index);
      } else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (7 * index - 32);
      }
      if (byte < 0x80) {
        return { low: low >>> 0, high: high >>> 0 };
      }
    }
    throw new ProtocolViolation("FRAME-2", `varint before byte ${this.position} does not end`);
  }
}

/** A text of ASCII in a frame, which must not change. */
export class LateText {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** The text; the other one instead, which costs nothing, if it is the same. */
  read(likely: string | undefined): string {
    return likely !== undefined && this.#is(likely)
      ? likely
      : this.#bytes.toString("latin1", this.#start, this.#end);
  }

  #is(text: string): boolean {
    if (text.length !== this.#end - this.#start) {
      return false;
    }
    for (let index = 0; index < text.length; index++) {
      if (text.charCodeAt(index) !== this.#bytes[this.#start + index]) {
        return false;
      }
    }
    return true;
  }
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    if ((bytes[index] as number) >= 0x80) {
      return false;
    }
  }
  return true;
}

/** Where a stream keeps the texts that {@link WireReader.internedString} knows. */
export function createInternTable(): (Interned | undefined)[] {
  return new Array<Interned | undefined>(internSlots).fill(undefined);
}

function torn(end: number, length: number): ProtocolViolation {
  return new ProtocolViolation("FRAME-2", `field ends at byte ${end} of a frame of ${length}`);
}
