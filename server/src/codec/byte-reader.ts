/** Thrown for stored bytes that are not what they should be. */
export class CorruptBytesError extends Error {
  override readonly name = "CorruptBytesError";
}

/** Reads what ByteWriter wrote. Every read checks the end: a short buffer is an error, not garbage. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at: number;
  readonly #end: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  get position(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  byte(): number {
    this.#need(1);
    return this.#buffer[this.#at++] as number;
  }

  u16(): number {
    this.#need(2);
    this.#at += 2;
    return this.#buffer.readUInt16BE(this.#at - 2);
  }

  u32(): number {
    this.#need(4);
    this.#at += 4;
    return this.#buffer.readUInt32BE(this.#at - 4);
  }

  u64(): number {
    const high = this.u32();
    return high * 0x1_0000_0000 + this.u32();
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new CorruptBytesError("a varint is longer than 8 bytes");
  }

  /** A view into the buffer. */
  bytes(length: number): Buffer {
    this.#need(length);
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  text(length: number): string {
    this.#need(length);
    this.#at += length;
    return this.#buffer.toString("utf8", this.#at - length, this.#at);
  }

  skip(length: number): void {
    this.#need(length);
    this.#at += length;
  }

  sizedText(): string {
    return this.text(this.varint());
  }

  sizedBytes(): Buffer {
    return this.bytes(this.varint());
  }

  /** Everything that is left, copied. */
  rest(): Buffer {
    const rest = Buffer.from(this.#buffer.subarray(this.#at, this.#end));
    this.#at = this.#end;
    return rest;
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#end) return;
    throw new CorruptBytesError(
      `needs ${bytes} bytes at ${this.#at}, and the buffer ends at ${this.#end}`,
    );
  }
}
