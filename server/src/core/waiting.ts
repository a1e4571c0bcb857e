import type { Address } from "./address.js";
import { present } from "./assert.js";
import { countAttempts } from "./attempts.js";
import { peekCold } from "./cold.js";
import type { Failure } from "./effect.js";
import { dispatchedAtMs } from "./flights.js";
import type { FunctionType } from "./function-type.js";
import type { Mailbox } from "./mailbox.js";
import { decodeParked } from "./park.js";
import type { Shard } from "./shard.js";
import { addressKey, keyedTable } from "./state-table.js";

/** What keeps a call without its reply. */
export interface Waiting {
  /** Messages of the address before the call's. */
  readonly ahead: number;
  /** Failed attempts at the first of them, or at the call itself. */
  readonly attempts: number;
  /** What the last attempt failed with; null: there was none, or before a restart. */
  readonly lastFailure: Failure | null;
  readonly at: WaitingAt;
}

export type WaitingAt =
  /** No server of the type is attached. */
  | { readonly kind: "unserved" }
  /** A server works on the address, perhaps on the call itself. */
  | { readonly kind: "inFlight"; readonly session: number; readonly forMs: number }
  /** The server has as much as it takes. */
  | { readonly kind: "inLine"; readonly session: number }
  | { readonly kind: "backingOff"; readonly retryInMs: number }
  | { readonly kind: "parked" }
  /** Its messages are on disk only, until there is room in memory. */
  | { readonly kind: "stored" };

/**
 * Where the message of a call is; null: nowhere, since it is done and its reply is on the way. For
 * the rare question why: it looks at every message of the mailbox that is in memory. `nowMs` is the
 * clock's: the core's own time stands still while the node is idle.
 */
export function findWaiting(
  shard: Shard,
  address: Address,
  { request, nowMs }: { readonly request: number; readonly nowMs: number },
): Waiting | null {
  const type = shard.types.get(address.typeName);
  if (type === undefined) return null;
  const mailbox = type.mailboxes.get(address.id);
  if (mailbox === undefined) return findCold(shard, type, address.id);
  if (mailbox.state === "idle") return null;
  const ahead = countAhead(mailbox, request);
  if (mailbox.state === "parked") return { ahead, ...present(parkedFor(shard, mailbox), "reason") };
  const { attempts } = mailbox;
  const lastFailure = attempts?.lastFailure ?? null;
  return {
    ahead,
    attempts: countAttempts(attempts),
    lastFailure,
    at: placeOf(shard, mailbox, nowMs),
  };
}

function placeOf(shard: Shard, mailbox: Mailbox, nowMs: number): WaitingAt {
  const session = mailbox.binding?.session.id ?? 0;
  switch (mailbox.state) {
    case "inFlight":
      return { kind: "inFlight", session, forMs: nowMs - dispatchedAtMs(shard, mailbox) };
    case "ready":
      return { kind: "inLine", session };
    case "backingOff": {
      const retryAtMs = mailbox.attempts?.retryAtMs ?? nowMs;
      return { kind: "backingOff", retryInMs: Math.max(0, retryAtMs - nowMs) };
    }
    default:
      return { kind: "unserved" };
  }
}

function findCold(shard: Shard, type: FunctionType, id: string): Waiting | null {
  const cold = peekCold(shard, type, id);
  if (cold === undefined) return null;
  const parked = parkedFor(shard, { type, id });
  if (parked !== null) return { ahead: cold.count, ...parked };
  const kind = type.bindings.length === 0 ? "unserved" : "stored";
  return { ahead: cold.count, attempts: 0, lastFailure: null, at: { kind } };
}

/** Null: the address is not parked. */
function parkedFor(
  shard: Shard,
  address: Pick<Mailbox, "type" | "id">,
): Omit<Waiting, "ahead"> | null {
  const row = shard.overlay.read(keyedTable.parked, addressKey(address));
  if (row === undefined || row.value === null) return null;
  const { code, message, attempts } = decodeParked(row.value);
  return { attempts, lastFailure: { code, message }, at: { kind: "parked" } };
}

/** A call that repeats another one's key stands where that one does; it is not known where. */
function countAhead(mailbox: Mailbox, request: number): number {
  const { inMemoryFront } = mailbox;
  for (let position = 0; position < inMemoryFront; position++) {
    if (mailbox.front(position)?.request === request) return position;
  }
  // Behind what only the tables hold: how far is not looked up, and this many are as far as it gets.
  return mailbox.spilled > 0 ? mailbox.length - 1 : mailbox.length;
}
