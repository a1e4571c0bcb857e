/**
 * Writes protobuf from the end of a buffer to its front. The length of a nested message is known
 * when its tag is written, so nothing is measured beforehand and nothing is moved. Fields, repeated
 * elements and nested messages are therefore written last to first.
 */
export class ReverseWriter {
  #buffer: Buffer;
  #at: number;

  constructor(capacity = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    this.#at = capacity;
  }

  /** Bytes written since reset. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  reset(): void {
    this.#at = this.#buffer.length;
  }

  /** The bytes written, copied. */
  copy(): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#at));
  }

  /** A whole number from 0 below 2^53. */
  varint(value: number): void {
    this.#reserve(8);
    if (value < 0x80) {
      this.#buffer[--this.#at] = value;
      return;
    }
    let size = 1;
    for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80)) size++;
    this.#at -= size;
    let rest = value;
    for (let at = this.#at; at < this.#at + size - 1; at++) {
      this.#buffer[at] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#at + size - 1] = rest;
  }

  /** A varint field; left out when it is 0, as proto3 does. `tag`: field number << 3. */
  numberField(tag: number, value: number): void {
    if (value === 0) return;
    this.varint(value);
    this.varint(tag);
  }

  /** A string field; left out when it is empty. `tag`: field number << 3 | 2. */
  textField(tag: number, value: string): void {
    if (value === "") return;
    this.varint(this.#text(value));
    this.varint(tag);
  }

  /** A bytes field, written also when it is empty. */
  bytesField(tag: number, value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    if (value.length > 24) this.#buffer.set(value, this.#at);
    else {
      for (let at = 0; at < value.length; at++) this.#buffer[this.#at + at] = value[at] as number;
    }
    this.varint(value.length);
    this.varint(tag);
  }

  /** Ends a nested message whose fields were written since `length` was `before`. */
  nested(tag: number, before: number): void {
    this.varint(this.length - before);
    this.varint(tag);
  }

  #text(value: string): number {
    const { length } = value;
    this.#reserve(length * 3);
    const start = this.#at - length;
    if (length <= 32 && this.#ascii(value, start)) {
      this.#at = start;
      return length;
    }
    const bytes = Buffer.byteLength(value);
    this.#at -= bytes;
    this.#buffer.write(value, this.#at, "utf8");
    return bytes;
  }

  /** Short texts are nearly always ASCII: writing them here saves a call into the engine. */
  #ascii(value: string, start: number): boolean {
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) return false;
      this.#buffer[start + at] = unit;
    }
    return true;
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return;
    const { length } = this;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, length + bytes));
    this.#buffer.copy(grown, grown.length - length, this.#at);
    this.#at = grown.length - length;
    this.#buffer = grown;
  }
}
