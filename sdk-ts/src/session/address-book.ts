import type { StateSlot } from "./batch.js";
import type { Flight } from "./flight.js";

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
  // Neighbours in the order of use; an entry that holds nothing has none.
  older: AddressEntry | undefined;
  newer: AddressEntry | undefined;
}

/** How much state is kept between invocations. */
export interface LeaseLimits {
  readonly addressesMax: number;
  readonly bytesMax: number;
}

/** An entry's own cost: what an address without state counts. */
const entryBytes = 200;
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
  // Entries with a lease form a list in the order of use. A Set does not do: finding its first entry
  // passes over everything that was deleted before it.
  #oldest: AddressEntry | undefined;
  #newest: AddressEntry | undefined;
  #heldCount = 0;
  #heldBytes = 0;

  constructor(limits: LeaseLimits) {
    this.#limits = limits;
  }

  /** Addresses whose state is held now. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** The entry of an address, made when there is none. */
  open(type: number, id: string): AddressEntry {
    let entries = this.#entriesByType[type];
    if (entries === undefined) {
      entries = new Map();
      this.#entriesByType[type] = entries;
    }
    let entry = entries.get(id);
    if (entry === undefined) {
      entry = newEntry(type, id);
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
    this.#append(entry);
    this.#evict();
  }

  #evict(): void {
    const { addressesMax, bytesMax } = this.#limits;
    while (this.#heldCount > addressesMax || this.#heldBytes > bytesMax) {
      if (this.#oldest === undefined) {
        return;
      }
      this.#forget(this.#oldest);
    }
  }

  #append(entry: AddressEntry): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) {
      this.#oldest = entry;
    } else {
      this.#newest.newer = entry;
    }
    this.#newest = entry;
    this.#heldCount++;
    this.#heldBytes += entry.bytes;
  }

  #drop(entry: AddressEntry): void {
    if (entry.version === 0) {
      return;
    }
    const { older, newer } = entry;
    if (older === undefined) {
      this.#oldest = newer;
    } else {
      older.newer = newer;
    }
    if (newer === undefined) {
      this.#newest = older;
    } else {
      newer.older = older;
    }
    entry.older = undefined;
    entry.newer = undefined;
    entry.version = 0;
    entry.slots = noSlots;
    this.#heldCount--;
    this.#heldBytes -= entry.bytes;
  }

  #forget(entry: AddressEntry): void {
    this.#drop(entry);
    this.#entriesByType[entry.type]?.delete(entry.id);
  }
}

function newEntry(type: number, id: string): AddressEntry {
  return {
    type,
    id,
    running: undefined,
    version: 0,
    slots: noSlots,
    bytes: 0,
    older: undefined,
    newer: undefined,
  };
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
