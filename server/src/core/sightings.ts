/** Bits per address that is remembered: one in twenty strangers is taken for one of them. */
const bitsPerAddress = 32;
/** A server may say that it keeps four thousand million. */
const addressesMax = 1 << 20;
const bitsMin = 1024;

const fnvOffset = 0x811c_9dc5;
const fnvPrime = 0x0100_0193;

/**
 * Whether an address was seen lately. Approximate: it says yes for a few that were not.
 *
 * Two generations of bits by the hash of the address: when one has taken as many addresses as it is
 * made for, it becomes the old one. So an address is remembered for at least that many others, and at
 * most twice as many.
 */
export class Sightings {
  readonly #addresses: number;
  readonly #mask: number;
  /** 32 bits in each number; empty before there is anything to remember. */
  #young = new Int32Array(0);
  #old = new Int32Array(0);
  #noted = 0;

  /** @param addresses how many are remembered at least */
  constructor(addresses: number) {
    this.#addresses = Math.max(1, Math.min(addresses, addressesMax));
    const bits = Math.max(bitsMin, this.#addresses * bitsPerAddress);
    this.#mask = 2 ** Math.ceil(Math.log2(bits)) - 1;
  }

  /** Notes the address, and returns whether it was noted lately. */
  note(type: number, id: string): boolean {
    const at = hash(type, id) & this.#mask;
    const word = at >>> 5;
    const bit = 1 << (at & 31);
    const isYoung = ((this.#young[word] ?? 0) & bit) !== 0;
    if (isYoung) return true;
    const isOld = ((this.#old[word] ?? 0) & bit) !== 0;
    if (this.#noted === this.#addresses || this.#young.length === 0) this.#turn();
    this.#young[word] = (this.#young[word] ?? 0) | bit;
    this.#noted++;
    return isOld;
  }

  #turn(): void {
    const bits = this.#old.length > 0 ? this.#old.fill(0) : new Int32Array((this.#mask + 1) / 32);
    this.#old = this.#young;
    this.#young = bits;
    this.#noted = 0;
  }
}

/** FNV-1a over the units of the id, from the type on; its bits spread, as the low ones are used. */
function hash(type: number, id: string): number {
  let value = Math.imul(fnvOffset ^ type, fnvPrime);
  for (let at = 0; at < id.length; at++) {
    value = Math.imul(value ^ id.charCodeAt(at), fnvPrime);
  }
  return value ^ (value >>> 15);
}
