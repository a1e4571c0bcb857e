import type { StoredObject } from "./manifest.js";

/** The objects of a run one after the other, some of them asked for before it is their turn. */
export class ReadAhead<T> {
  readonly #objects: readonly StoredObject[];
  readonly #read: (object: StoredObject) => Promise<T>;
  readonly #ahead: number;
  readonly #coming: Promise<T>[] = [];
  #asked = 0;

  /** `ahead`: objects that are on their way, besides the next one. */
  constructor(
    objects: readonly StoredObject[],
    read: (object: StoredObject) => Promise<T>,
    ahead: number,
  ) {
    this.#objects = objects;
    this.#read = read;
    this.#ahead = ahead;
  }

  get hasMore(): boolean {
    return this.#coming.length > 0 || this.#asked < this.#objects.length;
  }

  /** What has been read of the next object; undefined: there is none. */
  async next(): Promise<T | undefined> {
    this.#ask();
    const read = await this.#coming.shift();
    this.#ask();
    return read;
  }

  #ask(): void {
    while (this.#coming.length < this.#ahead + 1) {
      const object = this.#objects[this.#asked];
      if (object === undefined) return;
      this.#asked++;
      const coming = this.#read(object);
      // It may fail before anybody waits for it, or when nobody does any more.
      coming.catch(() => undefined);
      this.#coming.push(coming);
    }
  }
}
