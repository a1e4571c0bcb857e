import type { Expiration } from "./command.js";
import type { Mailbox } from "./mailbox.js";

/**
 * The rows of one named state of one function type: a table of its own, keyed by instance id.
 * Interned: `table` is stored and never reused.
 */
export interface StateTable {
  readonly table: number;
  readonly typeName: string;
  readonly name: string;
  /** The typename of every value. Fixed while the table exists. */
  readonly typename: string;
  /** As last declared. A new declaration applies to later writes. */
  expiration: Expiration | null;
  /** Some row may have an expiry, of this declaration or an older one. Not stored. */
  expires: boolean;
}

/** Keyed tables below this number are the runtime's own; state tables are numbered from it. */
export const firstStateTable = 16;

/** The runtime's own keyed tables. */
export const keyedTable = {
  /** Idempotency key -> the request's outcome. */
  dedup: 1,
  /** Source -> highest sequence. */
  position: 2,
  /** Sender id and cancellation token -> the timer. */
  token: 3,
  /** Egress -> acknowledged sequence and the sink's position. */
  egress: 4,
  /** Address -> why it is parked. */
  parked: 5,
  /** Address -> what was tried in vain at its first message. Not of parked ones. */
  attempts: 6,
} as const;

/** The key of an address in the runtime's own tables. */
export function addressKey({ type, id }: Pick<Mailbox, "type" | "id">): string {
  return `${type.index}/${id}`;
}

/** The reverse of addressKey(): the index of the function type, and the id. */
export function parseAddressKey(key: string): { readonly type: number; readonly id: string } {
  const slash = key.indexOf("/");
  return { type: Number(key.slice(0, slash)), id: key.slice(slash + 1) };
}
