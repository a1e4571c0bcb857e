import type { Batch, StateSlot } from "./batch.js";

/** What a stream knows of one address. */
export interface AddressEntry {
  readonly type: number;
  readonly id: string;
  /** The batch in flight. */
  running: Batch | undefined;
  /** The invocation whose result left `slots`; 0 when nothing is held. */
  version: number;
  slots: StateSlot[];
  /** What `slots` counts against the limit. */
  bytes: number;
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

/**
 * The addresses of one stream that are running or whose eager states are held under a lease.
 *
 * Invariant: an entry exists while its address runs or holds a lease. Leases are dropped from the
 * least recently used on when either limit is passed; a running address keeps its entry.
 */
export class AddressBook {
  readonly #limits: LeaseLimits;
  readonly #entriesByType: Map<string, AddressEntry>[] = [];
  /** Entries with a lease, from the least recently used on. */
  readonly #held = new Set<AddressEntry>();
  /**
   * Where the least recently used one is looked for. Kept, because a new iterator begins by passing
   * over everything that was deleted from the front since the set last grew. What it has passed is
   * never before it again: an entry that is held anew goes to the end.
   */
  #fromOldest = this.#held.values();
  #heldBytes = 0;

  constructor(limits: LeaseLimits) {
    this.#limits = limits;
  }

  /** Addresses whose state is held now. */
  get heldCount(): number {
    return this.#held.size;
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
      entry = { type, id, running: undefined, version: 0, slots: [], bytes: 0 };
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
    entry.slots = lease.slots.map(detach);
    entry.bytes = entry.slots.reduce(addSlotBytes, entryBytes + entry.id.length);
    this.#held.add(entry);
    this.#heldBytes += entry.bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#held.size > this.#limits.addressesMax || this.#heldBytes > this.#limits.bytesMax) {
      const oldest = this.#fromOldest.next();
      if (oldest.done === true) {
        this.#fromOldest = this.#held.values();
      } else {
        this.#forget(oldest.value);
      }
    }
  }

  #drop(entry: AddressEntry): void {
    if (entry.version !== 0) {
      this.#held.delete(entry);
      this.#heldBytes -= entry.bytes;
      entry.version = 0;
      entry.slots = [];
    }
  }

  #forget(entry: AddressEntry): void {
    this.#drop(entry);
    this.#entriesByType[entry.type]?.delete(entry.id);
  }
}

/** A slot that keeps no more memory than its own bytes. */
function detach(slot: StateSlot): StateSlot {
  const shared = slot instanceof Uint8Array && slot.buffer.byteLength > poolBytes;
  return shared && slot.buffer.byteLength > 2 * slot.length ? Buffer.from(slot) : slot;
}

function addSlotBytes(sum: number, slot: StateSlot): number {
  return slot instanceof Uint8Array ? sum + slot.length : sum;
}
