import { present } from "./assert.js";
import { decodeAttempts, noteAttempt } from "./attempts.js";
import { createType } from "./catalog.js";
import { giveUpLost, lossesMax, waitForRetry } from "./failure.js";
import { FieldReader } from "./fields.js";
import { Mailbox } from "./mailbox.js";
import { payloadBytes } from "./message.js";
import { Outbox } from "./outbox.js";
import { decodeParked } from "./park.js";
import { place } from "./placement.js";
import { isSuspect, suspectLosses } from "./quarantine.js";
import type { Shard } from "./shard.js";
import { messageFromStored, recordFromStored } from "./spill.js";
import { keyedTable, parseAddressKey } from "./state-table.js";
import type { StoredImage, StoredKeyedRow, StoredMailbox, StoredOutbox } from "./store-view.js";

/** Fills an empty shard with what the tables hold: the last durable epoch. */
export function restore(shard: Shard, image: StoredImage): void {
  for (const stored of image.types) {
    const type = createType(stored.index, stored.name, "stored");
    shard.types.set(type.name, type);
    shard.typesByIndex[type.index] = type;
  }
  for (const table of image.stateTables) {
    const type = present(shard.types.get(table.typeName), `function type ${table.typeName}`);
    const restored = { ...table, expires: table.expiration !== null };
    type.states.set(table.name, restored);
    type.standing = "served";
    shard.stateTables.push(restored);
  }
  for (const stored of image.mailboxes) restoreMailbox(shard, stored);
  for (const row of image.attempts) restoreAttempts(shard, row);
  for (const row of image.parked) restoreParked(shard, row);
  shard.timers.restoreSpilled(image.timerCount);
  for (const stored of image.outboxes) restoreOutbox(shard, stored);
  for (const egress of shard.options.egresses) {
    if (!shard.outboxes.has(egress)) shard.outboxes.set(egress, emptyOutbox(shard, egress));
  }
  if (shard.options.suspectRestored) suspectAll(shard);
}

/** Where an egress stands: what was acknowledged, and the sink's position then. */
export function egressPosition(
  shard: Shard,
  egress: string,
): { readonly sequence: number; readonly position: number } {
  const row = shard.overlay.read(keyedTable.egress, egress);
  if (row === undefined || row.value === null) return { sequence: 0, position: 0 };
  const fields = new FieldReader(row.value);
  return { sequence: fields.number(), position: fields.number() };
}

function restoreMailbox(shard: Shard, stored: StoredMailbox): void {
  const type = present(shard.typesByIndex[stored.type], `function type ${stored.type}`);
  const mailbox = new Mailbox(type, stored.id);
  type.mailboxes.set(stored.id, mailbox);
  for (const entry of stored.messages) {
    const message = messageFromStored(shard, entry);
    mailbox.push(message);
    shard.backlogMessages++;
    shard.backlogBytes += payloadBytes(message);
  }
  mailbox.restoreSpilled(stored.spilledCount, stored.spilledLast);
  type.counters.waiting += mailbox.length;
  place(mailbox);
}

/** Nothing has run yet: all mailboxes wait for a server. */
function restoreAttempts(shard: Shard, { key, value }: StoredKeyedRow): void {
  const mailbox = findMailbox(shard, key);
  if (mailbox === undefined) return;
  mailbox.attempts = decodeAttempts(value);
  if (isSuspect(mailbox)) mailbox.batchLimit = 1;
  if (mailbox.attempts.retryAtMs <= shard.nowMs) return;
  mailbox.type.unplaced.delete(mailbox);
  waitForRetry(shard, mailbox, mailbox.attempts);
}

/**
 * The node has died soon after its last starts, and one of the messages may be why. What has been in
 * flight at too many of these deaths is given up.
 */
function suspectAll(shard: Shard): void {
  for (const type of shard.types.values()) {
    for (const mailbox of [...type.mailboxes.values()]) {
      if (mailbox.state === "parked") continue;
      const attempts = mailbox.attempts ?? noteAttempt(shard, mailbox);
      attempts.losses = Math.max(attempts.losses, suspectLosses);
      mailbox.batchLimit = 1;
      if (attempts.losses < lossesMax) continue;
      type.unplaced.delete(mailbox);
      if (!giveUpLost(shard, mailbox)) place(mailbox);
    }
  }
}

function restoreParked(shard: Shard, { key, value }: StoredKeyedRow): void {
  const mailbox = findMailbox(shard, key);
  if (mailbox === undefined) return;
  // One of a type that nobody knew goes on with the first server of it.
  if (decodeParked(value).code !== "unknownType") mailbox.type.unplaced.delete(mailbox);
  mailbox.state = "parked";
  mailbox.type.counters.parked++;
}

function findMailbox(shard: Shard, key: string): Mailbox | undefined {
  const { type, id } = parseAddressKey(key);
  return shard.typesByIndex[type]?.mailboxes.get(id);
}

function restoreOutbox(shard: Shard, stored: StoredOutbox): void {
  const outbox = emptyOutbox(shard, stored.egress);
  for (const record of stored.records) outbox.queue.push(recordFromStored(shard, record));
  outbox.queue.restoreSpilled(stored.spilledCount, stored.spilledLast);
  const newest = stored.records[stored.records.length - 1];
  outbox.last = Math.max(outbox.last, newest?.sequence ?? 0, stored.spilledLast);
  // Of one that waits for checkpoints nobody knows yet how much the latest one holds.
  if (outbox.isAfterCheckpoint) outbox.cut(shard.committedEpoch);
  else outbox.durable = outbox.last;
  shard.outboxes.set(stored.egress, outbox);
}

function emptyOutbox(shard: Shard, egress: string): Outbox {
  const isDeclared = shard.options.egresses.includes(egress);
  const isAfterCheckpoint = shard.options.egressesAfterCheckpoint.includes(egress);
  const acknowledged = egressPosition(shard, egress).sequence;
  return new Outbox(egress, acknowledged, { isDeclared, isAfterCheckpoint });
}
