import { encodeUtf8 } from "./utf8.js";

/** Where a number becomes bytes: one for all writers, each of which is done with it at once. */
const number = new DataView(new ArrayBuffer(8));

/**
 * A compact encoding for the runtime's own rows: fields one after the other, read back in the order
 * written. Numbers are 8-byte floats, little-endian; texts are UTF-8 with a 4-byte length.
 */
export class FieldWriter {
  readonly #bytes: number[] = [];

  number(value: number): this {
    number.setFloat64(0, value, true);
    for (let at = 0; at < 8; at++) this.#bytes.push(number.getUint8(at));
    return this;
  }

  text(value: string): this {
    return this.#lengthAndBytes(encodeUtf8(value));
  }

  bytes(value: Uint8Array): this {
    return this.#lengthAndBytes(value);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #lengthAndBytes(value: Uint8Array): this {
    for (let shift = 0; shift < 32; shift += 8) this.#bytes.push((value.length >>> shift) & 0xff);
    for (let at = 0; at < value.length; at++) this.#bytes.push(value[at] as number);
    return this;
  }
}

export class FieldReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  bytes(): Uint8Array {
    const length = this.#view.getUint32(this.#at, true);
    const start = this.#at + 4;
    this.#at = start + length;
    if (this.#at > this.#view.byteLength) {
      throw new RangeError(`field of ${length} bytes in a row of ${this.#view.byteLength}`);
    }
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length);
  }

  text(): string {
    const bytes = this.bytes();
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const lead = bytes[at] as number;
      const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      let point = size === 1 ? lead : lead & (0xff >> (size + 1));
      for (let next = 1; next < size; next++)
        point = (point << 6) | ((bytes[at + next] ?? 0) & 0x3f);
      text += String.fromCodePoint(point);
      at += size;
    }
    return text;
  }
}
