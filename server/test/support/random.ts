const mask64 = 0xffff_ffff_ffff_ffffn;

/**
 * A generator of random numbers that a seed of 64 bits repeats: sfc32, its state filled by
 * splitmix64.
 */
export class Random {
  readonly #seed: bigint;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: bigint) {
    this.#seed = seed & mask64;
    const first = splitmix(this.#seed);
    const second = splitmix(first);
    this.#a = Number(first & 0xffff_ffffn) | 0;
    this.#b = Number(first >> 32n) | 0;
    this.#c = Number(second & 0xffff_ffffn) | 0;
    for (let round = 0; round < 12; round++) this.#next();
  }

  /**
   * A generator for one purpose. What it gives depends on the seed and the name alone, so that more
   * or fewer numbers for one purpose change nothing for another.
   */
  fork(name: string): Random {
    let hash = 0xcbf2_9ce4_8422_2325n;
    for (let at = 0; at < name.length; at++) {
      hash = ((hash ^ BigInt(name.charCodeAt(at))) * 0x100_0000_01b3n) & mask64;
    }
    return new Random(this.#seed ^ hash);
  }

  /** A whole number from 0 to below the limit. */
  below(limit: number): number {
    return this.#next() % limit;
  }

  /** A whole number from the first to the last, both included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True with a chance of one in so many. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** One of the entries, each with a chance in proportion to its weight. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let at = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, choice] of choices) {
      if (at < weight) return choice;
      at -= weight;
    }
    throw new Error("nothing to pick from");
  }

  /** The entries in another order. */
  shuffled<T>(entries: readonly T[]): T[] {
    const order = [...entries];
    for (let at = order.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [order[at], order[other]] = [order[other] as T, order[at] as T];
    }
    return order;
  }

  /** 32 random bits. */
  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}

function splitmix(state: bigint): bigint {
  let mixed = (state + 0x9e37_79b9_7f4a_7c15n) & mask64;
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & mask64;
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn) & mask64;
  return mixed ^ (mixed >> 31n);
}
