/** Values side by side in pieces of this size. A power of two. */
const pieceBytes = 64 * 1024;
/** Larger values have memory of their own: the end of a piece is no room for them, and is lost. */
const smallBytesMax = 2 * 1024;
/** What a value may grow by without a new place; a power of two. */
const roomStep = 16;
/** Below so many bytes a loop is cheaper than a call into the engine. */
const loopBytesMax = 48;
const entriesMin = 64;

/** There is no value. */
const absent = -1;
/** It is among the large ones. */
const large = -2;

/**
 * Values by number, in memory of their own: what is put is copied. A value that changes stays where it
 * is, and so costs the garbage collector nothing: an object for each would have to be moved, and found
 * from the old one that points at it, whenever it changes.
 *
 * A small value that has grown out of its room gets twice as much: what is lost of the pieces is less
 * than what is used.
 */
export class ValueStore {
  readonly #pieces: Uint8Array[] = [];
  /** Where the next small value goes, in all pieces together. */
  #end = 0;
  /** By number: where the room is, how large it is, and how much of it is the value. */
  #places = new Uint32Array(entriesMin);
  #rooms = new Uint16Array(entriesMin);
  #sizes = new Int32Array(entriesMin);
  readonly #large = new Map<number, Uint8Array>();

  /** A copy. Null: there is none. */
  get(entry: number): Uint8Array | null {
    return this.view(entry)?.slice() ?? null;
  }

  /** The value where it lies: valid until it is put anew. */
  view(entry: number): Uint8Array | null {
    const size = this.#sizes[entry] ?? absent;
    if (size === absent) return null;
    if (size === large) return this.#large.get(entry) ?? null;
    if (size === 0) return new Uint8Array(0);
    const place = this.#places[entry] ?? 0;
    const { buffer } = this.#pieceAt(place);
    return new Uint8Array(buffer, place & (pieceBytes - 1), size);
  }

  /** Null: from now on there is none. Numbers rise by one. */
  put(entry: number, value: Uint8Array | null): void {
    if (entry >= this.#sizes.length) this.#grow();
    if (this.#sizes[entry] === large) this.#large.delete(entry);
    if (value === null) this.#sizes[entry] = absent;
    else if (value.length <= smallBytesMax) this.#putSmall(entry, value);
    else {
      this.#sizes[entry] = large;
      this.#large.set(entry, Uint8Array.prototype.slice.call(value));
    }
  }

  /** Reads where the value is: so that it is in the processor's cache when it is put anew. */
  touch(entry: number): number {
    const place = this.#places[entry] ?? 0;
    return this.#pieces[Math.floor(place / pieceBytes)]?.[place & (pieceBytes - 1)] ?? 0;
  }

  #putSmall(entry: number, value: Uint8Array): void {
    const { length } = value;
    if (length > (this.#rooms[entry] ?? 0)) this.#makeRoom(entry, length);
    this.#sizes[entry] = length;
    if (length === 0) return;
    const place = this.#places[entry] ?? 0;
    const piece = this.#pieceAt(place);
    const start = place & (pieceBytes - 1);
    if (length > loopBytesMax) piece.set(value, start);
    else for (let at = 0; at < length; at++) piece[start + at] = value[at] as number;
  }

  #makeRoom(entry: number, length: number): void {
    const wanted = Math.max(length, 2 * (this.#rooms[entry] ?? 0));
    const room = Math.min(smallBytesMax, (wanted + roomStep - 1) & -roomStep);
    const used = this.#end & (pieceBytes - 1);
    if (used === 0 || used + room > pieceBytes) {
      this.#end = this.#pieces.length * pieceBytes;
      this.#pieces.push(new Uint8Array(pieceBytes));
    }
    this.#places[entry] = this.#end;
    this.#rooms[entry] = room;
    this.#end += room;
  }

  #pieceAt(place: number): Uint8Array {
    return this.#pieces[Math.floor(place / pieceBytes)] as Uint8Array;
  }

  #grow(): void {
    const [places, rooms, sizes] = [this.#places, this.#rooms, this.#sizes];
    this.#places = new Uint32Array(2 * places.length);
    this.#rooms = new Uint16Array(2 * rooms.length);
    this.#sizes = new Int32Array(2 * sizes.length);
    this.#places.set(places);
    this.#rooms.set(rooms);
    this.#sizes.set(sizes);
  }
}
