import { copyBytes } from "#bytes";
import { isUnread, type StateSlot } from "./batch.js";
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
  /** Without a lease: what was held last, whose memory the next lease uses again. */
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
/** Values up to this size are copied into memory of the entry's own. */
const smallBytes = 256;
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

  /** The id of the address that holds the lease, or another one. */
  idOf(lease: number): string | undefined {
    const recent = this.#entries[this.#recent[lease & (recentSlots - 1)] ?? 0];
    return recent !== undefined && lease !== 0 && recent.version === lease ? recent.id : undefined;
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
   * The held states, if they are of exactly this version, in a list of the caller's; whatever is held
   * is dropped. The values are good until close().
   */
  takeLease(entry: AddressEntry, version: number): StateSlot[] | undefined {
    const slots = entry.version === version && version !== 0 ? entry.slots.slice() : undefined;
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
    entry.bytes = hold(entry, lease.slots) + entryBytes + entry.id.length;
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

/**
 * Makes the slots the entry's, and counts their bytes. A small value that takes as much as the one
 * before it is written over that: a new one would have to be moved and found from an old entry by the
 * garbage collector, for every result. Nobody has the old one any more, since types keep no bytes.
 */
function hold(entry: AddressEntry, slots: readonly StateSlot[]): number {
  if (entry.slots.length !== slots.length) {
    entry.slots = slots.map(() => undefined);
  }
  let bytes = 0;
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index];
    const held = entry.slots[index];
    if (slot === held) {
      bytes += bytesOf(slot);
      continue;
    }
    if (slot === undefined || isUnread(slot)) {
      entry.slots[index] = slot;
      continue;
    }
    bytes += slot.length;
    if (slot.length <= smallBytes && bytesOf(held) === slot.length && slot.length > 0) {
      copyInto(held as Uint8Array, slot);
    } else {
      entry.slots[index] = detached(slot);
    }
  }
  return bytes;
}

function copyInto(target: Uint8Array, source: Uint8Array): void {
  for (let at = 0; at < source.length; at++) {
    target[at] = source[at] as number;
  }
}

/** The value in memory that holds little else. */
function detached(value: Uint8Array): Uint8Array {
  const isSmall = value.length <= smallBytes;
  return isSmall || value.buffer.byteLength > Math.max(poolBytes, 2 * value.length)
    ? copyBytes(value)
    : value;
}

function bytesOf(slot: StateSlot): number {
  return slot === undefined || isUnread(slot) ? 0 : slot.length;
}
