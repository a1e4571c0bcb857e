import {
  entryOverheadBytes,
  forgetRecord,
  forgetStored,
  heldBytes,
  holdRecord,
  holdStored,
} from "./backlog.js";
import { freeze } from "./cold.js";
import type { Fifo } from "./fifo.js";
import { messageFromStored, recordFromStored, timerFromStored } from "./from-stored.js";
import type { FunctionType } from "./function-type.js";
import { trimLeases } from "./lease.js";
import type { Mailbox } from "./mailbox.js";
import type { Outbox } from "./outbox.js";
import type { Shard } from "./shard.js";

/** Above this share of backlogBytesMax, all that can leaves memory: room for what comes until the next fold. */
const relievedShare = 1 / 4;
/** Mailboxes in line at one server that stay in memory whatever happens: its next work. */
const readyKept = 1024;
/** As readyKept, as a share of backlogBytesMax. */
const readyKeptShare = 1 / 16;
/** Leases of one session that stay: each keeps a mailbox that waits for nothing. */
const leasesKept = 4096;

/** Whether memory is to be relieved by the next fold. */
export function isLoaded(shard: Readonly<Shard>): boolean {
  return heldBytes(shard) > shard.options.limits.backlogBytesMax * relievedShare;
}

/** Whether much waits: memory is filling, or what has left it comes back and is worked off. */
export function isPiledUp(shard: Readonly<Shard>): boolean {
  if (isLoaded(shard) || shard.coldTypes.size > 0) return true;
  for (const { queue } of shard.outboxes.values()) if (queue.spilled > 0) return true;
  return false;
}

/** After a fold: lets go of messages, records and timers that the tables hold now. */
export function evictFolded(shard: Shard): void {
  const { mailboxInMemoryMax, batchMessagesMax } = shard.options.limits;
  const { outboxInMemoryMax, outboxWindow } = shard.options.limits;
  // What may be in flight or delivered stays, whatever the limits say.
  const messagesKept = Math.max(mailboxInMemoryMax, batchMessagesMax);
  const recordsKept = Math.max(outboxInMemoryMax, outboxWindow);
  for (const mailbox of shard.large) {
    evictMessages(shard, mailbox, messagesKept);
    if (mailbox.length <= mailboxInMemoryMax) shard.large.delete(mailbox);
  }
  for (const outbox of shard.outboxes.values()) {
    evictRecords(shard, outbox, recordsKept);
  }
  shard.timers.evict(shard.foldedEpoch, shard.options.limits);
  if (isLoaded(shard)) relieve(shard);
}

/** Reads the next messages of a mailbox back before it runs dry. */
export function refillMailbox(shard: Shard, mailbox: Mailbox): void {
  if (mailbox.spilled === 0) return;
  const { batchMessagesMax, batchBytesMax, mailboxInMemoryMax } = shard.options.limits;
  const { type, id } = mailbox;
  const low = { count: batchMessagesMax, bytes: batchBytesMax };
  const loaded = mailbox.refill(low, mailboxInMemoryMax, (after, last, limit) =>
    shard.view
      .readMessages({ type: type.index, id, after, last, limit, bytesMax: batchBytesMax })
      .map((stored) => messageFromStored(shard, stored)),
  );
  for (const message of loaded) holdStored(shard, message);
}

/** Reads the next timers back before those in memory have all fired. */
export function refillTimers(shard: Shard): void {
  const { limits } = shard.options;
  shard.timers.refill(limits, (after) =>
    shard.view
      .readTimers({
        after,
        limit: Math.max(1, limits.timersInMemoryMax >> 1),
        bytesMax: limits.timersInMemoryBytesMax >> 1,
      })
      .map((stored) => timerFromStored(shard, stored)),
  );
}

/** Reads the next records of an outbox back before it runs dry. */
export function refillOutbox(shard: Shard, outbox: Outbox): void {
  const { outboxWindow, outboxWindowBytes, outboxInMemoryMax } = shard.options.limits;
  const { egress, queue } = outbox;
  const low = { count: outboxWindow, bytes: outboxWindowBytes };
  const loaded = queue.refill(low, outboxInMemoryMax, (after, last, limit) =>
    shard.view
      .readRecords({ egress, after, last, limit, bytesMax: outboxWindowBytes })
      .map((stored) => recordFromStored(shard, stored)),
  );
  for (const record of loaded) holdRecord(shard, record);
}

/**
 * Memory is filling up: mailboxes leave it whole, those that came last in line first, and of the
 * others, and of records, all but what is in flight or goes next.
 */
function relieve(shard: Shard): void {
  for (const session of shard.sessions.values()) trimLeases(session, leasesKept);
  for (const type of shard.types.values()) {
    if (shard.tracksEmptied) freezeMailboxes(shard, type);
    for (const mailbox of type.mailboxes.values()) {
      const inFlight = mailbox.state === "inFlight" ? mailbox.batch : 1;
      if (mailbox.length > 1) evictMessages(shard, mailbox, inFlight);
    }
  }
  for (const outbox of shard.outboxes.values()) {
    evictRecords(shard, outbox, Math.max(1, outbox.delivered - outbox.acknowledged));
  }
}

function freezeMailboxes(shard: Shard, type: FunctionType): void {
  for (const { ready } of type.bindings) {
    for (const mailbox of ready.cut(countKept(shard, ready))) {
      if (!freeze(shard, mailbox)) ready.push(mailbox);
    }
  }
  for (const mailbox of type.mailboxes.values()) {
    if (mailbox.state !== "ready") freeze(shard, mailbox);
  }
}

/** How many mailboxes of a line stay in memory, with one message each. */
function countKept(shard: Shard, ready: Fifo<Mailbox>): number {
  const bytesMax = shard.options.limits.backlogBytesMax * readyKeptShare;
  let bytes = 0;
  for (let at = 0; at < Math.min(ready.length, readyKept); at++) {
    bytes += entryOverheadBytes + (ready.at(at)?.front(0)?.value?.length ?? 0);
    if (bytes > bytesMax) return at;
  }
  return readyKept;
}

function evictMessages(shard: Shard, mailbox: Mailbox, keep: number): void {
  for (const message of mailbox.evict(shard.foldedEpoch, keep)) forgetStored(shard, message);
}

function evictRecords(shard: Shard, outbox: Outbox, keep: number): void {
  for (const record of outbox.queue.evict(shard.foldedEpoch, keep)) forgetRecord(shard, record);
}
