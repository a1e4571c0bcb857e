import { assert, present } from "./assert.js";
import { decodeAttempts, noteAttempt, waitForRetry } from "./attempts.js";
import { forgetStored, heldBytes, holdStored } from "./backlog.js";
import { messageFromStored } from "./from-stored.js";
import type { FunctionType } from "./function-type.js";
import { Mailbox } from "./mailbox.js";
import type { Message } from "./message.js";
import { decodeParked, unpark } from "./park.js";
import { place } from "./placement.js";
import { isSuspect, suspectLosses } from "./quarantine.js";
import type { Shard } from "./shard.js";
import { addressKey, keyedTable } from "./state-table.js";
import type { MailboxLimits, StoredMailbox } from "./store-view.js";
import { longMin } from "./store-view.js";

/** Mailboxes of one type that are brought back ahead of their turn. */
const recalledMax = 1024;
/** As recalledMax, while memory is full: enough to go on. */
const recalledMaxWhenFull = 64;
/** What is brought back in one step takes some milliseconds. */
const mailboxesPerStepMax = 512;
const messagesPerStepMax = 8192;
/** Messages of a mailbox that come with it; the others follow as it is worked off. */
const messagesEach = 64;
/** As messagesEach, of a mailbox that is wanted for what arrives: its turn is not near. */
const messagesWithArrival = 1;

/** The mailbox of an address that has none in memory: what the tables hold of it, or an empty one. */
export function openMailbox(shard: Shard, type: FunctionType, id: string): Mailbox {
  const mailbox = new Mailbox(type, id);
  type.mailboxes.add(mailbox);
  if (type.cold.count === 0) return mailbox;
  if (shard.emptied.has(type, id)) {
    // Not to become cold before its older messages are gone from the tables.
    mailbox.consumedEpoch = shard.epoch.epoch;
    return mailbox;
  }
  const limits = limitsOf(shard, messagesWithArrival);
  const isLong = type.cold.long.has(id);
  const stored = shard.view.readMailbox({ type: type.index, id }, { ...limits, isLong });
  if (stored !== undefined) thaw(shard, mailbox, stored);
  return mailbox;
}

/** The mailbox of an address, in memory or not; undefined when nothing waits for it. */
export function findMailbox(shard: Shard, type: FunctionType, id: string): Mailbox | undefined {
  const mailbox = type.mailboxes.get(id);
  if (mailbox !== undefined || type.cold.count === 0) return mailbox;
  const opened = openMailbox(shard, type, id);
  if (opened.length > 0) return opened;
  type.mailboxes.delete(id);
  return undefined;
}

/** What waits for an address whose mailbox is cold; undefined: it is not. Changes nothing. */
export function peekCold(
  shard: Readonly<Shard>,
  type: FunctionType,
  id: string,
): { readonly first: Message; readonly count: number } | undefined {
  const isCold =
    type.cold.count > 0 && type.mailboxes.get(id) === undefined && !shard.emptied.has(type, id);
  if (!isCold) return undefined;
  const limits = { messagesMax: 1, bytesMax: 1, isLong: type.cold.long.has(id) };
  const stored = shard.view.readMailbox({ type: type.index, id }, limits);
  const [first] = stored?.messages ?? [];
  if (stored === undefined || first === undefined) return undefined;
  const { count } = stored.rest ?? restOf(type, id, 1);
  return { first: messageFromStored(shard, first), count: count + 1 };
}

/** Whether the next step brings something back. */
export function wantsRecall(shard: Shard): boolean {
  for (const type of shard.coldTypes) if (roomFor(shard, type) > 0) return true;
  return false;
}

/** Brings mailboxes back before the types that they belong to run out of work. */
export function recallCold(shard: Shard): void {
  for (const type of shard.coldTypes) {
    const room = roomFor(shard, type);
    if (room > 0) recall(shard, type, Math.min(room, mailboxesPerStepMax));
  }
}

/**
 * Lets go of a whole mailbox, if the tables hold all of it and everything that is known about it. The
 * caller has taken it out of its binding's line.
 */
export function freeze(shard: Shard, mailbox: Mailbox): boolean {
  if (!isFreezable(shard, mailbox)) return false;
  const { type, id } = mailbox;
  const { cold } = type;
  if (mailbox.length > longMin) cold.long.set(id, { count: mailbox.length, last: mailbox.last });
  if (mailbox.state === "parked" && !type.unplaced.has(mailbox)) cold.parked++;
  for (const message of mailbox.removeAll()) forgetStored(shard, message);
  mailbox.leaseSession?.leases.remove(mailbox);
  mailbox.leaseSession = null;
  // What still refers to it, as the line of retries may, sees that it waits for nothing.
  mailbox.state = "idle";
  mailbox.binding = null;
  type.unplaced.delete(mailbox);
  type.mailboxes.delete(id);
  shard.large.delete(mailbox);
  cold.count++;
  cold.isChanged = true;
  shard.coldTypes.add(type);
  return true;
}

function isFreezable({ foldedEpoch, overlay }: Shard, mailbox: Mailbox): boolean {
  const { state, attempts } = mailbox;
  if (state === "idle" || state === "inFlight" || mailbox.isRecalled) return false;
  if (!mailbox.isFolded(foldedEpoch)) return false;
  const key = addressKey(mailbox);
  if (state === "parked") return overlay.epochOf(keyedTable.parked, key) === 0;
  if (mailbox.batchLimit !== 0) return false;
  return (
    attempts === null || (attempts.isStored && overlay.epochOf(keyedTable.attempts, key) === 0)
  );
}

/** How many mailboxes of a type should be brought back: none, or enough to be worth a read. */
function roomFor(shard: Shard, { bindings, cold }: FunctionType): number {
  if (bindings.length === 0 || cold.count === cold.parked || shard.isHeld) return 0;
  const isFull = heldBytes(shard) > shard.options.limits.backlogBytesMax;
  const max = isFull ? recalledMaxWhenFull : recalledMax;
  return cold.recalled > max / 2 ? 0 : max - cold.recalled;
}

function recall(shard: Shard, type: FunctionType, mailboxesMax: number): void {
  const { cold } = type;
  const { mailboxes, isAtEnd } = shard.view.readMailboxes({
    type: type.index,
    afterId: cold.cursor,
    limits: limitsOf(shard, messagesEach),
    mailboxesMax,
    messagesMax: messagesPerStepMax,
  });
  for (const stored of mailboxes) {
    const { id } = stored;
    cold.cursor = id;
    if (
      type.mailboxes.get(id) !== undefined ||
      shard.emptied.has(type, id) ||
      isParked(shard, type, id)
    )
      continue;
    const mailbox = new Mailbox(type, id);
    type.mailboxes.add(mailbox);
    thaw(shard, mailbox, stored);
    cold.isChanged = true;
    cold.recalled++;
    mailbox.isRecalled = true;
  }
  if (!isAtEnd) return;
  const left = cold.count - cold.parked;
  assert(left === 0 || cold.isChanged, `${left} mailboxes of ${type.name} are not in the tables`);
  cold.cursor = null;
  cold.isChanged = false;
}

/** Only an operator lets a parked address go on, unless nobody knew its type: a server of it has come. */
function isParked(shard: Shard, type: FunctionType, id: string): boolean {
  if (type.counters.parked === 0) return false;
  const reason = readParked(shard, { type, id });
  return reason !== null && reason.code !== "unknownType";
}

/** Fills a new mailbox with what the tables hold of it, and lets it go on where it was. */
function thaw(shard: Shard, mailbox: Mailbox, { messages, rest }: StoredMailbox): void {
  const { type, id } = mailbox;
  const { cold } = type;
  for (const stored of messages) {
    const message = messageFromStored(shard, stored);
    holdStored(shard, message);
    mailbox.push(message);
  }
  const { count, last } = rest ?? restOf(type, id, messages.length);
  mailbox.restoreSpilled(count, last);
  cold.long.delete(id);
  cold.count--;
  if (cold.count === 0) shard.coldTypes.delete(type);
  if (type.counters.parked > 0 && resumeParked(shard, mailbox)) return;
  const row = shard.overlay.read(keyedTable.attempts, addressKey(mailbox));
  if (row !== undefined && row.value !== null) mailbox.attempts = decodeAttempts(row.value);
  if ((mailbox.front(0)?.sequence ?? 0) < shard.suspectBefore) suspect(shard, mailbox);
  if (isSuspect(mailbox)) mailbox.batchLimit = 1;
  const { attempts } = mailbox;
  if (attempts !== null && attempts.retryAtMs > shard.nowMs) waitForRetry(shard, mailbox, attempts);
  else place(mailbox);
}

/** The node has died soon after its last starts, and one of the messages that it kept may be why. */
function suspect(shard: Shard, mailbox: Mailbox): void {
  const attempts = mailbox.attempts ?? noteAttempt(shard, mailbox);
  attempts.losses = Math.max(attempts.losses, suspectLosses);
}

/** False: the mailbox is not parked, or no longer. */
function resumeParked(shard: Shard, mailbox: Mailbox): boolean {
  const { type } = mailbox;
  const reason = readParked(shard, mailbox);
  if (reason === null) return false;
  mailbox.state = "parked";
  if (reason.code !== "unknownType") {
    type.cold.parked--;
    return true;
  }
  if (type.bindings.length > 0) {
    unpark(shard, mailbox);
    return false;
  }
  type.unplaced.add(mailbox);
  return true;
}

function readParked(shard: Shard, address: Pick<Mailbox, "type" | "id">) {
  const row = shard.overlay.read(keyedTable.parked, addressKey(address));
  return row === undefined || row.value === null ? null : decodeParked(row.value);
}

function restOf({ name, cold }: FunctionType, id: string, read: number) {
  const { count, last } = present(cold.long.get(id), `count of the messages to ${name}/${id}`);
  return { count: count - read, last };
}

function limitsOf({ options }: Shard, messagesMax: number): MailboxLimits {
  return { messagesMax, bytesMax: options.limits.batchBytesMax };
}
