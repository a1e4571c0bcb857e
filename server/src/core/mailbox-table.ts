import type { Mailbox } from "./mailbox.js";

/** A power of two. */
const bucketsMin = 64;
/** A hash and a place. */
const bucketSlots = 2;
const none = 0;

/**
 * Mailboxes by instance id. Every message looks one up, and where there are many, most of what a
 * look-up reads is not in the processor's cache: an engine's own map reads its chain, the key's
 * characters and then the mailbox. Here a bucket of 8 bytes says which mailbox it is.
 *
 *     #buckets   hash | place   hash | place   ...      place 0: the bucket is empty
 *
 * Open addressing: an entry is in the first bucket that was free from its hash on, and a removal moves
 * later ones up. At least half of the buckets are empty.
 */
export class MailboxTable {
  readonly #seed: number;
  #buckets = new Int32Array(bucketsMin * bucketSlots);
  /** Of the number of buckets, less one. */
  #mask = bucketsMin - 1;
  /** By place, from 1. */
  readonly #mailboxes: (Mailbox | undefined)[] = [undefined];
  readonly #freePlaces: number[] = [];
  #size = 0;

  /** `seed`: whoever does not know it cannot choose ids that fall into one bucket. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#size;
  }

  get(id: string): Mailbox | undefined {
    const buckets = this.#buckets;
    const hash = this.#hash(id);
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const place = buckets[at * bucketSlots + 1] ?? none;
      if (place === none) return undefined;
      if (buckets[at * bucketSlots] !== hash) continue;
      const mailbox = this.#mailboxes[place];
      if (mailbox !== undefined && mailbox.id === id) return mailbox;
    }
  }

  /** The table has none with its id. */
  add(mailbox: Mailbox): void {
    if (2 * (this.#size + 1) > this.#mask + 1) this.#grow();
    const place = this.#freePlaces.pop() ?? this.#mailboxes.length;
    this.#mailboxes[place] = mailbox;
    this.#put(this.#hash(mailbox.id), place);
    this.#size++;
  }

  /** Harmless when it is not there. */
  delete(id: string): void {
    const buckets = this.#buckets;
    const hash = this.#hash(id);
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const place = buckets[at * bucketSlots + 1] ?? none;
      if (place === none) return;
      if (buckets[at * bucketSlots] !== hash || this.#mailboxes[place]?.id !== id) continue;
      this.#mailboxes[place] = undefined;
      this.#freePlaces.push(place);
      this.#size--;
      this.#close(at);
      return;
    }
  }

  /** Every mailbox, in no order that means anything; each may be deleted as it comes. */
  *values(): Generator<Mailbox> {
    for (const mailbox of this.#mailboxes) if (mailbox !== undefined) yield mailbox;
  }

  #put(hash: number, place: number): void {
    const buckets = this.#buckets;
    let at = hash & this.#mask;
    while (buckets[at * bucketSlots + 1] !== none) at = (at + 1) & this.#mask;
    buckets[at * bucketSlots] = hash;
    buckets[at * bucketSlots + 1] = place;
  }

  /** Empties a bucket, and moves up what is behind it for the want of a free one. */
  #close(emptied: number): void {
    const buckets = this.#buckets;
    let hole = emptied;
    for (let at = (hole + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const place = buckets[at * bucketSlots + 1] ?? none;
      if (place === none) break;
      const hash = buckets[at * bucketSlots] ?? 0;
      const isAtHome = ((at - hash) & this.#mask) < ((at - hole) & this.#mask);
      if (isAtHome) continue;
      buckets[hole * bucketSlots] = hash;
      buckets[hole * bucketSlots + 1] = place;
      hole = at;
    }
    buckets[hole * bucketSlots + 1] = none;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Int32Array(2 * old.length);
    this.#mask = 2 * (this.#mask + 1) - 1;
    for (let at = 0; at < old.length; at += bucketSlots) {
      const place = old[at + 1] ?? none;
      if (place !== none) this.#put(old[at] ?? 0, place);
    }
  }

  #hash(id: string): number {
    let hash = this.#seed ^ id.length;
    for (let at = 0; at < id.length; at++) {
      hash = Math.imul(hash ^ id.charCodeAt(at), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }
}
