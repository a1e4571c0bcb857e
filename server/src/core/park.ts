import { answerParking } from "./answer.js";
import { countAttempts, forgetAttempts } from "./attempts.js";
import type { FailureCode } from "./command.js";
import type { Failure } from "./effect.js";
import { FieldReader, FieldWriter } from "./fields.js";
import type { FunctionType } from "./function-type.js";
import { reportIncident } from "./incident.js";
import { findUnknown } from "./known-types.js";
import type { Mailbox } from "./mailbox.js";
import { place } from "./placement.js";
import type { Shard } from "./shard.js";
import { addressKey, keyedTable } from "./state-table.js";

/** Why an address is set aside. */
export interface ParkedReason {
  readonly code: FailureCode;
  readonly message: string;
  /** Failed attempts at the first message, lost streams included. */
  readonly attempts: number;
  readonly firstFailedAtMs: number;
  /** Since when it is parked. */
  readonly lastFailedAtMs: number;
}

/**
 * Sets an address aside: its first message is kept, later ones wait behind it. Whoever waits for the
 * message's reply is told.
 */
export function park(
  shard: Shard,
  mailbox: Mailbox,
  { code, message }: Failure & { readonly code: FailureCode },
): void {
  const { type, attempts: tried } = mailbox;
  const attempts = countAttempts(tried);
  const value = new FieldWriter()
    .text(code)
    .text(message)
    .number(attempts)
    .number(tried === null ? shard.nowMs : tried.firstFailedAtMs)
    .number(shard.nowMs)
    .finish();
  forgetAttempts(shard, mailbox);
  mailbox.state = "parked";
  mailbox.binding = null;
  type.counters.parked++;
  shard.overlay.write(keyedTable.parked, addressKey(mailbox), value, 0);
  const head = mailbox.front(0);
  if (head !== undefined) answerParking(shard, head, { code, message });
  reportIncident(shard, mailbox, { kind: "parked", code, message, attempts, delayMs: 0 });
}

/** The reverse of what park() stores. */
export function decodeParked(value: Uint8Array): ParkedReason {
  const fields = new FieldReader(value);
  return {
    code: fields.text() as FailureCode,
    message: fields.text(),
    attempts: fields.number(),
    firstFailedAtMs: fields.number(),
    lastFailedAtMs: fields.number(),
  };
}

/** Ends a parking. What becomes of the mailbox is the caller's to say. */
export function unpark(shard: Shard, mailbox: Mailbox): void {
  mailbox.type.counters.parked--;
  mailbox.type.unplaced.delete(mailbox);
  shard.overlay.write(keyedTable.parked, addressKey(mailbox), null, 0);
}

/** Puts a mailbox with messages in line, or sets it aside while nobody knows its function type. */
export function placeOrPark(shard: Shard, mailbox: Mailbox): void {
  if (place(mailbox) || mailbox.type.standing === "served") return;
  const unknown = findUnknown(shard, mailbox.type.name);
  if (unknown === null) return;
  park(shard, mailbox, { code: "unknownType", message: unknown });
}

/** Set aside when a server attaches, so that people see them; more of them would hold up the step. */
const parkedPerAttachMax = 256;

/**
 * A server has answered for its namespace: what was accepted before, for a type that it turns out not to
 * have, is set aside as if it came now.
 */
export function parkUnknown(shard: Shard): void {
  let left = parkedPerAttachMax;
  for (const type of shard.types.values()) {
    if (type.unplaced.size === 0 || type.standing === "served") continue;
    const unknown = findUnknown(shard, type.name);
    if (unknown === null) continue;
    for (const mailbox of type.unplaced) {
      if (mailbox.state === "parked") continue;
      if (left-- === 0) return;
      park(shard, mailbox, { code: "unknownType", message: unknown });
    }
  }
}

/** A server of this type has come: what waited for one goes on, parked or not. [SEND-4] */
export function placeServed(shard: Shard, { unplaced }: FunctionType): void {
  for (const mailbox of [...unplaced]) {
    if (mailbox.state === "parked") unpark(shard, mailbox);
    else unplaced.delete(mailbox);
    place(mailbox);
  }
}
