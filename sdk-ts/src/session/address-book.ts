import type { StateSlot } from "./batch.js";
import type { Flight } from "./flight.js";
import { UseOrder } from "./use-order.js";

/** What a stream knows of one address. */
export interface AddressEntry {
  readonly type: number;
  readonly id: string;
  /** The invocation in flight. */
  running: Flight | undefined;
  /** The invocation whose result left `slots`; 0 when nothing is held. */
  version: number;
  slots: StateSlot[];
  /** What `slots` counts against the limit. */
  bytes: number;
  /** In the book, from 1, as long as the entry exists. */
  readonly place: number;
}

/** How much state is kept between invocations. */
export interface LeaseLimits {
  readonly addressesMax: number;
  readonly bytesMax: number;
}

/** An entry's own cost: what an address without state counts. */
const entryBytes = 200;
/** A power of two: the latest so many results are found by their number. */
const recentSlots = 32_768;
/** Node's allocation pool. A value that is a view of more than this keeps a frame alive. */
const poolBytes = 8192;
const noSlots: StateSlot[] = [];

/**
 * The addresses of one stream that are running or whose eager states are held under a lease.
 *
 * Invariant: an entry exists while its address runs or holds a lease. Leases are dropped from the
 * least recently used on when either limit is passed; a running address keeps its entry.
 */
export class AddressBook {
  readonly #limits: LeaseLimits;
  readonly #entriesByType: Map<string, AddressEntry>[] = [];
  /** By place; 0 is none. */
  readonly #entries: (AddressEntry | undefined)[] = [undefined];
  readonly #freePlaces: number[] = [];
  // Places of entries with a lease. A Set does not do: finding its first entry passes over everything
  // that was deleted before it.
  readonly #leased = new UseOrder();
  /** Places by the low bits of a version: of the entry that got one with these bits last. */
  readonly #recent = new Int32Array(recentSlots);
  #heldCount = 0;
  #heldBytes = 0;

  constructor(limits: LeaseLimits) {
    this.#limits = limits;
  }

  /** Addresses whose state is held now. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** The entry of an address, made when there is none. Found at once if it holds the lease. */
  open(type: number, id: string, lease: number): AddressEntry {
    const recent = this.#entries[this.#recent[lease & (recentSlots - 1)] ?? 0];
    const isIt =
      recent !== undefined && recent.version === lease && recent.type === type && recent.id === id;
    return isIt ? recent : this.#find(type, id);
  }

  #find(type: number, id: string): AddressEntry {
    let entries = this.#entriesByType[type];
    if (entries === undefined) {
      entries = new Map();
      this.#entriesByType[type] = entries;
    }
    let entry = entries.get(id);
    if (entry === undefined) {
      entry = newEntry(type, id, this.#freePlaces.pop() ?? this.#entries.length);
      this.#entries[entry.place] = entry;
      entries.set(id, entry);
    }
    return entry;
  }

  /**
   * Takes the held states out, if they are of exactly this version; whatever is held is dropped.
   */
  takeLease(entry: AddressEntry, version: number): StateSlot[] | undefined {
    const slots = entry.version === version && version !== 0 ? entry.slots : undefined;
    this.#drop(entry);
    return slots;
  }

  /** The batch ended; with slots to hold, they are held under its id as their version. */
  close(entry: AddressEntry, lease: { version: number; slots: StateSlot[] } | undefined): void {
    entry.running = undefined;
    if (lease === undefined || this.#limits.addressesMax === 0) {
      this.#forget(entry);
      return;
    }
    entry.version = lease.version;
    entry.slots = lease.slots;
    entry.bytes = detachAll(lease.slots) + entryBytes + entry.id.length;
    this.#recent[lease.version & (recentSlots - 1)] = entry.place;
    this.#leased.append(entry.place);
    this.#heldCount++;
    this.#heldBytes += entry.bytes;
    this.#evict();
  }

  #evict(): void {
    const { addressesMax, bytesMax } = this.#limits;
    while (this.#heldCount > addressesMax || this.#heldBytes > bytesMax) {
      const oldest = this.#entries[this.#leased.oldest];
      if (oldest === undefined) {
        return;
      }
      this.#forget(oldest);
    }
  }

  #drop(entry: AddressEntry): void {
    if (entry.version === 0) {
      return;
    }
    this.#leased.remove(entry.place);
    entry.version = 0;
    entry.slots = noSlots;
    this.#heldCount--;
    this.#heldBytes -= entry.bytes;
  }

  #forget(entry: AddressEntry): void {
    this.#drop(entry);
    this.#entriesByType[entry.type]?.delete(entry.id);
    this.#entries[entry.place] = undefined;
    this.#freePlaces.push(entry.place);
  }
}

function newEntry(type: number, id: string, place: number): AddressEntry {
  return { type, id, running: undefined, version: 0, slots: noSlots, bytes: 0, place };
}

/** Lets no slot keep more memory than its own bytes, and counts them. */
function detachAll(slots: StateSlot[]): number {
  let bytes = 0;
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index];
    if (slot instanceof Uint8Array) {
      bytes += slot.length;
      const keepsFrame = slot.buffer.byteLength > Math.max(poolBytes, 2 * slot.length);
      if (keepsFrame) {
        slots[index] = Buffer.from(slot);
      }
    }
  }
  return bytes;
}
