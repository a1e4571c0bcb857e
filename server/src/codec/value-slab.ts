/** As Node's own pool: a value that lives long keeps this much in memory, and no more. */
const slabBytes = 8 * 1024;
/** Larger values get memory of their own. */
const slabValueBytesMax = 2 * 1024;

/**
 * Copies small values out of frames into shared memory: a value must not keep its whole frame in
 * memory, and an allocation for each would cost more than the copy.
 */
export class ValueSlab {
  #slab = new ArrayBuffer(slabBytes);
  #bytes = new Uint8Array(this.#slab);
  #at = 0;

  copy(source: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    if (length > slabValueBytesMax) return Uint8Array.prototype.slice.call(source, start, end);
    if (this.#at + length > slabBytes) {
      this.#slab = new ArrayBuffer(slabBytes);
      this.#bytes = new Uint8Array(this.#slab);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += length;
    if (length > 32) this.#bytes.set(source.subarray(start, end), from);
    else for (let at = 0; at < length; at++) this.#bytes[from + at] = source[start + at] as number;
    return new Uint8Array(this.#slab, from, length);
  }
}
