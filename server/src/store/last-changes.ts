import { randomBytes } from "node:crypto";
import { endianness } from "node:os";

/** Powers of two. Most tables have few changes, or none: it grows where there are many. */
const entriesMin = 64;
const bucketsPerEntry = 2;
/** Room for so many is kept by clear(), 28 bytes each. */
const entriesKept = 128 * 1024;
/** A bucket without an entry. */
const none = 0;
/** An entry that is gone. */
const gone = -1;

/** Whoever does not know it cannot choose keys that fall into one bucket. */
const hashSeed = randomBytes(4).readInt32LE();

/** Bytes that an entry is sorted by at once: what they leave equal is compared whole. */
const wordBytes = 4;
/** Where the halves of a number of 64 bits are. */
const [lowWord, highWord] = endianness() === "LE" ? [0, 1] : [1, 0];

/** Where a change and its key are, in a segment of the journal. */
export interface ChangePlace {
  readonly at: number;
  readonly keyStart: number;
  readonly keyEnd: number;
}

/**
 * The last change of every key of a table, by where it is in the segments of the journal: a hash table
 * over their bytes. A map of strings would make a string of every key of every change, and look most
 * of them up where they are not in the processor's cache.
 *
 *     #buckets   entry | entry | ...      from 1; open addressing, at least half of them empty
 */
export class LastChanges {
  readonly #segments: Buffer[] = [];
  #buckets = new Int32Array(0);
  /** Entries, those that are gone included; by entry from 1. */
  #count = 0;
  #hashes = new Int32Array(0);
  #segmentOf = new Int32Array(0);
  #ats = new Int32Array(0);
  #keyStarts = new Int32Array(0);
  #keyEnds = new Int32Array(0);
  #size = 0;

  constructor() {
    this.#makeRoom(entriesMin);
  }

  /** Keys. */
  get size(): number {
    return this.#size;
  }

  /** Forgets everything, and keeps its room for what comes next, unless that is large. */
  clear(): void {
    this.#segments.length = 0;
    this.#count = 0;
    this.#size = 0;
    if (this.#hashes.length <= entriesKept) this.#buckets.fill(none);
    else this.#makeRoom(entriesMin);
  }

  /** Takes the place of a key's earlier change. The bytes must not change. */
  put(segment: Buffer, place: ChangePlace): void {
    if (this.#segments[this.#segments.length - 1] !== segment) this.#segments.push(segment);
    const hash = this.#hash(segment, place);
    const bucket = this.#find(segment, place, hash);
    const entry = this.#buckets[bucket] ?? none;
    if (entry === none) {
      this.#add(bucket, hash, place);
      return;
    }
    if (this.#ats[entry] === gone) this.#size++;
    this.#set(entry, place);
  }

  /** Forgets a key. Returns whether it was there. */
  delete(segment: Buffer, place: ChangePlace): boolean {
    const entry = this.#buckets[this.#find(segment, place, this.#hash(segment, place))] ?? none;
    if (entry === none || this.#ats[entry] === gone) return false;
    this.#ats[entry] = gone;
    this.#size--;
    return true;
  }

  /** In the order of the keys' bytes. */
  *sorted(): Generator<{ readonly segment: Buffer; readonly at: number }> {
    for (const entry of this.#sortedEntries()) {
      yield { segment: this.#segmentAt(entry), at: this.#ats[entry] as number };
    }
  }

  /** The bucket of the key, or the empty one where it belongs. */
  #find(bytes: Buffer, { keyStart, keyEnd }: ChangePlace, hash: number): number {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = buckets[at] ?? none;
      if (entry === none) return at;
      if (this.#hashes[entry] === hash && this.#hasKey(entry, bytes, keyStart, keyEnd)) return at;
    }
  }

  #hasKey(entry: number, bytes: Buffer, start: number, end: number): boolean {
    const known = this.#segmentAt(entry);
    const knownStart = this.#keyStarts[entry] as number;
    if ((this.#keyEnds[entry] as number) - knownStart !== end - start) return false;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== known[knownStart + at - start]) return false;
    }
    return true;
  }

  #add(bucket: number, hash: number, place: ChangePlace): void {
    const entry = ++this.#count;
    if (entry === this.#hashes.length) this.#grow();
    this.#hashes[entry] = hash;
    this.#set(entry, place);
    this.#size++;
    if (bucketsPerEntry * entry <= this.#buckets.length) this.#buckets[bucket] = entry;
    else this.#rehash();
  }

  #set(entry: number, { at, keyStart, keyEnd }: ChangePlace): void {
    this.#segmentOf[entry] = this.#segments.length - 1;
    this.#ats[entry] = at;
    this.#keyStarts[entry] = keyStart;
    this.#keyEnds[entry] = keyEnd;
  }

  #makeRoom(entries: number): void {
    this.#buckets = new Int32Array(entries * bucketsPerEntry);
    this.#hashes = new Int32Array(entries);
    this.#segmentOf = new Int32Array(entries);
    this.#ats = new Int32Array(entries);
    this.#keyStarts = new Int32Array(entries);
    this.#keyEnds = new Int32Array(entries);
  }

  #grow(): void {
    const grown = (old: Int32Array) => {
      const larger = new Int32Array(2 * old.length);
      larger.set(old);
      return larger;
    };
    this.#hashes = grown(this.#hashes);
    this.#segmentOf = grown(this.#segmentOf);
    this.#ats = grown(this.#ats);
    this.#keyStarts = grown(this.#keyStarts);
    this.#keyEnds = grown(this.#keyEnds);
  }

  #rehash(): void {
    this.#buckets = new Int32Array(2 * this.#buckets.length);
    const mask = this.#buckets.length - 1;
    for (let entry = 1; entry <= this.#count; entry++) {
      let at = (this.#hashes[entry] as number) & mask;
      while (this.#buckets[at] !== none) at = (at + 1) & mask;
      this.#buckets[at] = entry;
    }
  }

  /** Four bytes at a time: of what they come to, the low bits choose the bucket. */
  #hash(bytes: Buffer, { keyStart, keyEnd }: ChangePlace): number {
    let hash = hashSeed ^ (keyEnd - keyStart);
    for (let at = keyStart; at < keyEnd; at += wordBytes) {
      hash = Math.imul(hash ^ wordAt(bytes, at, keyEnd), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #segmentAt(entry: number): Buffer {
    return this.#segments[this.#segmentOf[entry] as number] as Buffer;
  }

  /**
   * Sorts numbers, which the engine does without a call for each pair: in each the first bytes in which
   * keys differ, and below them the entry. Keys that are equal in those are few.
   */
  #sortedEntries(): Uint32Array {
    const entries = this.#livingEntries();
    const skipped = this.#commonBytes(entries);
    const entryBits = 32 - Math.clz32(entries.length);
    const sortable = new BigUint64Array(entries.length);
    const words = new Uint32Array(sortable.buffer);
    entries.forEach((entry, index) => {
      const segment = this.#segmentAt(entry);
      const start = (this.#keyStarts[entry] as number) + skipped;
      const end = this.#keyEnds[entry] as number;
      const next = wordAt(segment, start + wordBytes, end) >>> entryBits;
      words[2 * index + lowWord] = next * 2 ** entryBits + index;
      words[2 * index + highWord] = wordAt(segment, start, end);
    });
    sortable.sort();
    const mask = 2 ** entryBits - 1;
    const lowOf = (index: number): number => words[2 * index + lowWord] as number;
    const highOf = (index: number): number => words[2 * index + highWord] as number;
    const isAlike = (a: number, b: number): boolean =>
      highOf(a) === highOf(b) && ((lowOf(a) ^ lowOf(b)) & ~mask) === 0;
    const sorted = entries.map((_, index) => entries[lowOf(index) & mask] as number);
    this.#sortAlike(sorted, isAlike);
    return sorted;
  }

  /** Sorts each run of keys that look alike by their whole keys. */
  #sortAlike(sorted: Uint32Array, isAlike: (a: number, b: number) => boolean): void {
    let runStart = 0;
    for (let index = 1; index <= sorted.length; index++) {
      if (index < sorted.length && isAlike(index - 1, index)) continue;
      if (index - runStart > 1) {
        sorted.subarray(runStart, index).sort((a, b) => this.#compare(a, b));
      }
      runStart = index;
    }
  }

  #compare(a: number, b: number): number {
    return this.#segmentAt(a).compare(
      this.#segmentAt(b),
      this.#keyStarts[b],
      this.#keyEnds[b],
      this.#keyStarts[a],
      this.#keyEnds[a],
    );
  }

  #livingEntries(): Uint32Array {
    const living = new Uint32Array(this.#size);
    let size = 0;
    for (let entry = 1; entry <= this.#count; entry++) {
      if (this.#ats[entry] !== gone) living[size++] = entry;
    }
    return living;
  }

  /** How many bytes all keys begin with alike. */
  #commonBytes(entries: Uint32Array): number {
    const first = entries[0];
    if (first === undefined) return 0;
    const start = this.#keyStarts[first] as number;
    let common = (this.#keyEnds[first] as number) - start;
    for (const entry of entries) {
      const bytes = this.#segmentAt(entry);
      const from = this.#keyStarts[entry] as number;
      const max = Math.min(common, (this.#keyEnds[entry] as number) - from);
      let alike = 0;
      while (alike < max && bytes[from + alike] === this.#segmentAt(first)[start + alike]) alike++;
      common = alike;
    }
    return common;
  }
}

/** Four bytes as a number, the first one highest; 0 beyond the end. */
function wordAt(bytes: Buffer, at: number, end: number): number {
  if (at + wordBytes <= end) {
    return (
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
    );
  }
  let word = 0;
  for (let offset = 0; offset < wordBytes; offset++) {
    word = (word << 8) | (at + offset < end ? (bytes[at + offset] as number) : 0);
  }
  return word;
}
