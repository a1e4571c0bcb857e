import { present } from "./assert.js";
import type { Mailbox } from "./mailbox.js";

/** The place of a mailbox that is in no list; in a list it stands for both ends. */
const none = 0;
const placesMin = 64;

/**
 * The mailboxes whose state one session's server keeps, by the time of their last result: a ring of
 * numbered places, in which place 0 stands between the newest and the oldest.
 *
 *     0 <-> oldest <-> ... <-> newest <-> 0
 *
 * The links are in arrays of their own: were they in the mailboxes, every result would touch two
 * others, which are seldom in the processor's cache.
 */
export class LeaseList {
  /** By place. */
  readonly #mailboxes: (Mailbox | null)[] = [null];
  #older = new Int32Array(placesMin);
  #newer = new Int32Array(placesMin);
  /** The first of the places that are free, which are linked by #newer. */
  #free = none;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get oldest(): Mailbox | null {
    return this.#mailboxes[this.#newer[0] ?? none] ?? null;
  }

  /** The mailbox is in no list. */
  append(mailbox: Mailbox): void {
    const place = this.#takePlace();
    this.#mailboxes[place] = mailbox;
    mailbox.leasePlace = place;
    this.#link(place);
    this.#length++;
  }

  /** The mailbox is in this list. */
  remove(mailbox: Mailbox): void {
    const place = mailbox.leasePlace;
    this.#unlink(place);
    this.#mailboxes[place] = null;
    mailbox.leasePlace = none;
    this.#newer[place] = this.#free;
    this.#free = place;
    this.#length--;
  }

  /** Makes the mailbox, which is in this list, the newest. */
  touch({ leasePlace }: Mailbox): void {
    if (leasePlace === this.#older[0]) return;
    this.#unlink(leasePlace);
    this.#link(leasePlace);
  }

  /** From the oldest to the newest. */
  *[Symbol.iterator](): Generator<Mailbox> {
    for (let place = this.#newer[0] ?? none; place !== none; place = this.#newer[place] ?? none) {
      yield present(this.#mailboxes[place] ?? undefined, `mailbox at place ${place}`);
    }
  }

  #takePlace(): number {
    const place = this.#free;
    if (place !== none) {
      this.#free = this.#newer[place] ?? none;
      return place;
    }
    if (this.#mailboxes.length === this.#newer.length) this.#grow();
    return this.#mailboxes.push(null) - 1;
  }

  #grow(): void {
    const [older, newer] = [this.#older, this.#newer];
    this.#older = new Int32Array(2 * older.length);
    this.#newer = new Int32Array(2 * newer.length);
    this.#older.set(older);
    this.#newer.set(newer);
  }

  /** Puts a place behind the newest. */
  #link(place: number): void {
    const newest = this.#older[0] ?? none;
    this.#newer[newest] = place;
    this.#older[place] = newest;
    this.#newer[place] = none;
    this.#older[0] = place;
  }

  #unlink(place: number): void {
    const older = this.#older[place] ?? none;
    const newer = this.#newer[place] ?? none;
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }
}
