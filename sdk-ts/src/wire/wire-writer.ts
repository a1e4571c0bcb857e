import { Buffer } from "node:buffer";

const initialBytes = 16_384;
/** Up to here a loop is faster than a call into native code. */
const loopBytesMax = 48;
/** A tag and a varint, with room to spare. */
const numberBytesMax = 16;
const paddingBytes = 5;

/**
 * Writes protobuf into a buffer that it keeps for the next frame. Fields that hold their default are
 * the caller's to leave out.
 *
 * A message's length is only known after its fields: one byte is kept free for it, which is enough
 * for most, and the fields move when it is not.
 */
export class WireWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(initialBytes);
  #position = 0;

  /** A copy of what was written; the writer is empty again. */
  finish(): Buffer {
    const frame = Buffer.allocUnsafe(this.#position);
    this.#buffer.copy(frame, 0, 0, this.#position);
    this.#position = 0;
    return frame;
  }

  /** Opens a message; hand the answer to `close`. */
  open(tag: number): number {
    this.#ensure(numberBytesMax);
    this.#buffer[this.#position++] = tag;
    this.#position++;
    return this.#position;
  }

  close(start: number): void {
    const length = this.#position - start;
    if (length < 0x80) {
      this.#buffer[start - 1] = length;
      return;
    }
    const prefixBytes = varintBytes(length);
    this.#ensure(paddingBytes);
    this.#buffer.copyWithin(start - 1 + prefixBytes, start, this.#position);
    this.#position = start - 1;
    this.#varint(length);
    this.#position += length;
  }

  /** A number of up to 53 bits. */
  number(tag: number, value: number): void {
    this.#ensure(numberBytesMax);
    this.#buffer[this.#position++] = tag;
    this.#varint(value);
  }

  bytes(tag: number, value: Uint8Array): void {
    const { length } = value;
    this.#ensure(length + numberBytesMax);
    this.#buffer[this.#position++] = tag;
    this.#varint(length);
    if (length > loopBytesMax) {
      this.#buffer.set(value, this.#position);
    } else {
      for (let index = 0; index < length; index++) {
        this.#buffer[this.#position + index] = value[index] ?? 0;
      }
    }
    this.#position += length;
  }

  string(tag: number, value: string): void {
    this.#ensure(value.length * 3 + numberBytesMax);
    this.#buffer[this.#position++] = tag;
    if (value.length > loopBytesMax || !this.#writeAscii(value)) {
      this.#varint(Buffer.byteLength(value));
      this.#position += this.#buffer.write(value, this.#position, "utf8");
    }
  }

  /** Writes short text with its length, unless some character takes more than a byte. */
  #writeAscii(value: string): boolean {
    const start = this.#position + 1;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        return false;
      }
      this.#buffer[start + index] = code;
    }
    this.#buffer[this.#position] = value.length;
    this.#position = start + value.length;
    return true;
  }

  #varint(value: number): void {
    let rest = value;
    // Bit operations end at 32 bits.
    while (rest > 0x7fff_ffff) {
      this.#buffer[this.#position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      this.#buffer[this.#position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#position++] = rest;
  }

  #ensure(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#position);
      this.#buffer = grown;
    }
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) {
    bytes++;
  }
  return bytes;
}
