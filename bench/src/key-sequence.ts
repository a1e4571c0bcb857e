import { seededRandom } from "./random.js";

/** How often each key is drawn: all alike, or as YCSB's zipf (exponent 0.99) does. */
export type Distribution = "uniform" | "zipf";

const zipfExponent = 0.99;

/** Drawn ahead, so that a draw costs one array read while something is being measured. */
const sequenceLength = 1 << 20;

/** Prime and larger than any number of keys: multiplying by it permutes the keys. */
const scatterPrime = 1_000_000_007;

/** An endless sequence of keys, from 0 to below `keys`; it repeats after a million draws. */
export class KeySequence {
  readonly #drawn: Uint32Array;
  #position = 0;

  constructor(keys: number, distribution: Distribution, seed: number) {
    this.#drawn = distribution === "uniform" ? drawUniform(keys, seed) : drawZipf(keys, seed);
  }

  next(): number {
    const key = this.#drawn[this.#position] ?? 0;
    this.#position = (this.#position + 1) & (sequenceLength - 1);
    return key;
  }
}

function drawUniform(keys: number, seed: number): Uint32Array {
  const random = seededRandom(seed);
  return Uint32Array.from({ length: sequenceLength }, () => Math.floor(random() * keys));
}

function drawZipf(keys: number, seed: number): Uint32Array {
  const random = seededRandom(seed);
  const cumulative = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank += 1) {
    sum += 1 / (rank + 1) ** zipfExponent;
    cumulative[rank] = sum;
  }
  return Uint32Array.from({ length: sequenceLength }, () => {
    const rank = firstAtLeast(cumulative, random() * sum);
    // The most drawn keys must not be neighbours: one page of a table would hold them all.
    return (rank * scatterPrime) % keys;
  });
}

function firstAtLeast(ascending: Float64Array, wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
