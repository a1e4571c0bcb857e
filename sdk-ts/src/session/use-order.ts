const none = 0;
const placesMin = 64;

/**
 * The order in which numbered places were used: a ring of those that are in it, in which place 0
 * stands between the newest and the oldest.
 *
 *     0 <-> oldest <-> ... <-> newest <-> 0
 *
 * Two arrays of numbers: were the links in objects, every use would touch two others, which are
 * seldom in the processor's cache.
 */
export class UseOrder {
  #older = new Int32Array(placesMin);
  #newer = new Int32Array(placesMin);

  /** The place that was used longest ago; 0: there is none. */
  get oldest(): number {
    return this.#newer[0] ?? none;
  }

  /** Puts a place, from 1, that is not in the order behind the newest. */
  append(place: number): void {
    if (place >= this.#newer.length) {
      this.#grow(place);
    }
    const newest = this.#older[0] ?? none;
    this.#newer[newest] = place;
    this.#older[place] = newest;
    this.#newer[place] = none;
    this.#older[0] = place;
  }

  /** Takes out a place that is in the order. */
  remove(place: number): void {
    const older = this.#older[place] ?? none;
    const newer = this.#newer[place] ?? none;
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }

  #grow(place: number): void {
    const [older, newer] = [this.#older, this.#newer];
    const length = Math.max(2 * older.length, place + 1);
    this.#older = new Int32Array(length);
    this.#newer = new Int32Array(length);
    this.#older.set(older);
    this.#newer.set(newer);
  }
}
