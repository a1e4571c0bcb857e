import type { Fields } from "../protocol/protocol.js";

/** Who sent what breaks a clause. */
export type Side = "runtime" | "server";

/** One broken clause, and what broke it, without values of messages or states. */
export interface Violation {
  readonly side: Side;
  readonly clause: string;
  readonly message: string;
}

/** An invocation that went by and whose result has not. */
export interface InFlight {
  readonly id: number;
  readonly type: number;
  /** The index of the table entry that serves it, from 1. */
  readonly entry: number;
  readonly address: string;
  readonly inputs: number;
  readonly lease: number;
  /** The runtime has ruled a lease of it out. [LEASE-12] */
  readonly noLease: boolean;
  readonly bytes: number;
  readonly timeoutMs: number;
  readonly seenAtMs: number;
  /** States that the server has asked for and not received, by request; null: lease_missing. */
  readonly requests: (readonly number[] | null)[];
  leaseMissing: boolean;
}

/** A window that the server has announced. */
export interface Window {
  readonly invocations: number;
  readonly bytes: number;
  readonly seenAtMs: number;
}

/** Addresses whose last invocation is remembered, for their leases. */
const addressesMax = 100_000;

/** Invocations that were given up and whose results are still awaited. */
const givenUpMax = 10_000;

/** For how long the runtime may not have seen that a window was replaced, in milliseconds. */
const windowGraceMs = 5000;

/**
 * What one who reads both directions of a stream knows of it.
 *
 * It stands in between, so what it has seen of one side the other may not have seen yet. It counts so
 * that it never blames a side for what was still on its way: a result ends its invocation, and credit
 * counts, as soon as they go by.
 */
export class Conversation {
  hello: Fields | undefined;
  welcome: Fields | undefined;
  /** Names by type index: [0] is no type. */
  readonly types: string[] = [""];
  /** Indexes of the entries that serve the types, from 1; 0: only a caller or a target. */
  readonly entries: number[] = [0];
  readonly #indexes = new Map<string, number>();
  readonly inFlight = new Map<number, InFlight>();
  /** Invocations that were given up, whose results may still come: the latest of them. */
  readonly #givenUp = new Set<number>();
  /**
   * By address: the id of the last invocation, 0 when its result does not count as a lease, and less
   * than 0 when the runtime has ruled a lease out.
   */
  readonly #leases = new Map<string, number>();
  windows: Window[] = [];
  balance = 0;
  lastId = 0;
  definitions = 0;
  drained: { runtime: boolean; server: boolean } = { runtime: false, server: false };
  /** Who has sent ProtocolError. */
  failed: Side | undefined;
  halfClosed = false;
  nowMs = 0;

  get limits(): Fields {
    return (this.hello?.["limits"] ?? {}) as Fields;
  }

  limit(name: string): number {
    return Number(this.limits[name] ?? Number.POSITIVE_INFINITY);
  }

  has(feature: string): boolean {
    return list(this.welcome?.["features"]).includes(feature as never);
  }

  /** The table entry of an index from 1. */
  entry(index: number): Fields {
    return list(this.welcome?.["functions"])[index - 1] ?? {};
  }

  /** The largest window that the runtime may go by. */
  get window(): { invocations: number; bytes: number } {
    const valid = this.windows.filter((_each, at) => {
      const next = this.windows[at + 1];
      return next === undefined || this.nowMs - next.seenAtMs < windowGraceMs;
    });
    this.windows = valid;
    return {
      invocations: Math.max(0, ...valid.map(({ invocations }) => invocations)),
      bytes: Math.max(0, ...valid.map(({ bytes }) => bytes)),
    };
  }

  /** The index of a function type or of a wildcard entry; undefined: it has none. */
  indexOf(name: string): number | undefined {
    return this.#indexes.get(name);
  }

  assign(index: number, name: string, entry: number): void {
    this.types[index] = name;
    this.entries[index] = entry;
    if (!this.#indexes.has(name)) this.#indexes.set(name, index);
  }

  isGivenUp(id: number): boolean {
    return this.#givenUp.has(id);
  }

  giveUp(id: number): void {
    this.inFlight.delete(id);
    this.#givenUp.add(id);
    const [oldest] = this.#givenUp.size > givenUpMax ? this.#givenUp : [];
    if (oldest !== undefined) this.#givenUp.delete(oldest);
  }

  /** What the last invocation of an address left: as #leases; undefined: not known. */
  leaseOf(address: string): number | undefined {
    return this.#leases.get(address);
  }

  remember(address: string, lease: number): void {
    this.#leases.delete(address);
    this.#leases.set(address, lease);
    const [oldest] = this.#leases.size > addressesMax ? this.#leases.keys() : [];
    if (oldest !== undefined) this.#leases.delete(oldest);
  }
}

/** A repeated field. */
export function list(value: unknown): readonly Fields[] {
  return (value ?? []) as readonly Fields[];
}

/** A number field, 0 when it is not set. */
export function number(value: unknown): number {
  return Number(value ?? 0);
}

/** A text field, empty when it is not set. */
export function text(value: unknown): string {
  return String(value ?? "");
}

/** Bytes of a bytes field, 0 when it is not set. */
export function size(value: unknown): number {
  return Buffer.isBuffer(value) ? value.length : 0;
}

/** Whether a text is namespace/type, as TABLE-2 says. `star`: also namespace/*. */
export function isTypeName(name: string, star: boolean): boolean {
  const [namespace = "", type = "", ...rest] = name.split("/");
  const isPart = (part: string) =>
    part !== "" && Buffer.byteLength(part) <= 255 && !part.includes("*");
  return rest.length === 0 && isPart(namespace) && ((star && type === "*") || isPart(type));
}
