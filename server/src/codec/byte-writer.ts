/**
 * A growing buffer that is filled from the front and used again. Numbers are big-endian where their
 * order matters (keys), varints elsewhere.
 */
export class ByteWriter {
  readonly #allocate: (bytes: number) => Buffer;
  #buffer: Buffer;
  #at = 0;

  constructor(capacity = 64 * 1024, allocate: (bytes: number) => Buffer = Buffer.allocUnsafe) {
    this.#allocate = allocate;
    this.#buffer = allocate(capacity);
  }

  get length(): number {
    return this.#at;
  }

  /** The bytes so far. Valid until the next write or reset. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  /** The bytes so far, copied. */
  copy(): Buffer {
    return Buffer.from(this.view());
  }

  reset(): void {
    this.#at = 0;
  }

  skip(bytes: number): number {
    this.#reserve(bytes);
    const at = this.#at;
    this.#at += bytes;
    return at;
  }

  /** The whole buffer, for patching what skip() left out. */
  get raw(): Buffer {
    return this.#buffer;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#at = this.#buffer.writeUInt16BE(value, this.#at);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#at = this.#buffer.writeUInt32BE(value, this.#at);
  }

  /** A whole number below 2^53, 8 bytes. */
  u64(value: number): void {
    this.#reserve(8);
    this.#buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), this.#at);
    this.#at = this.#buffer.writeUInt32BE(value >>> 0, this.#at + 4);
  }

  /** A whole number below 2^53, seven bits a byte. */
  varint(value: number): void {
    this.#reserve(8);
    const buffer = this.#buffer;
    let rest = value;
    while (rest > 0x7fff_ffff) {
      buffer[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[this.#at++] = rest;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    if (value.length > 24) this.#buffer.set(value, this.#at);
    else
      for (let at = 0; at < value.length; at++) this.#buffer[this.#at + at] = value[at] as number;
    this.#at += value.length;
  }

  /** UTF-8 without a length. Returns its length in bytes. */
  text(value: string): number {
    this.#reserve(value.length * 3);
    const start = this.#at;
    if (value.length <= 32 && this.#ascii(value)) return value.length;
    this.#at = start + this.#buffer.write(value, start, "utf8");
    return this.#at - start;
  }

  /** UTF-8 after its length as a varint. */
  sizedText(value: string): void {
    const start = this.beginSized();
    this.text(value);
    this.endSized(start);
  }

  /** Bytes after their length as a varint. */
  sizedBytes(value: Uint8Array): void {
    this.varint(value.length);
    this.bytes(value);
  }

  /** Begins bytes whose length is not known yet. endSized() takes what this returns. */
  beginSized(): number {
    this.#reserve(1);
    return this.#at++;
  }

  /** Writes the length of what has been written since, as a varint before it. */
  endSized(start: number): void {
    const length = this.#at - start - 1;
    if (length < 0x80) {
      this.#buffer[start] = length;
      return;
    }
    let extra = 0;
    for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) extra++;
    this.#reserve(extra);
    this.#buffer.copyWithin(start + 1 + extra, start + 1, this.#at);
    this.#at = start;
    this.varint(length);
    this.#at += length;
  }

  /** Short texts are nearly always ASCII: writing them here saves a call into the engine. */
  #ascii(value: string): boolean {
    const buffer = this.#buffer;
    const start = this.#at;
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) return false;
      buffer[start + at] = unit;
    }
    this.#at = start + value.length;
    return true;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = this.#allocate(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}
