import { present } from "./assert.js";
import { createType } from "./catalog.js";
import { decodeParked } from "./failure.js";
import { FieldReader } from "./fields.js";
import { Mailbox } from "./mailbox.js";
import { payloadBytes } from "./message.js";
import { Outbox } from "./outbox.js";
import { place } from "./placement.js";
import type { Shard } from "./shard.js";
import { messageFromStored, recordFromStored } from "./spill.js";
import { keyedTable } from "./state-table.js";
import type { StoredImage, StoredMailbox, StoredOutbox } from "./store-view.js";

/** Fills an empty shard with what the tables hold: the last durable epoch. */
export function restore(shard: Shard, image: StoredImage): void {
  for (const stored of image.types) {
    const type = createType(stored.index, stored.name);
    shard.types.set(type.name, type);
    shard.typesByIndex[type.index] = type;
  }
  for (const table of image.stateTables) {
    const type = present(shard.types.get(table.typeName), `function type ${table.typeName}`);
    const restored = { ...table, expires: table.expiration !== null };
    type.states.set(table.name, restored);
    shard.stateTables.push(restored);
  }
  for (const stored of image.mailboxes) restoreMailbox(shard, stored);
  for (const { key, value } of image.parked) restoreParked(shard, key, value);
  shard.timers.restoreSpilled(image.timerCount);
  for (const stored of image.outboxes) restoreOutbox(shard, stored);
  for (const egress of shard.options.egresses) {
    if (!shard.outboxes.has(egress)) shard.outboxes.set(egress, emptyOutbox(shard, egress));
  }
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

/** Parked addresses were placed like all others just before; nothing has run yet. */
function restoreParked(shard: Shard, key: string, value: Uint8Array): void {
  const slash = key.indexOf("/");
  const type = shard.typesByIndex[Number(key.slice(0, slash))];
  const mailbox = type?.mailboxes.get(key.slice(slash + 1));
  if (type === undefined || mailbox === undefined) return;
  type.unplaced.delete(mailbox);
  mailbox.state = "parked";
  mailbox.attempt = decodeParked(value).attempts;
  type.counters.parked++;
}

function restoreOutbox(shard: Shard, stored: StoredOutbox): void {
  const outbox = emptyOutbox(shard, stored.egress);
  for (const record of stored.records) outbox.queue.push(recordFromStored(shard, record));
  outbox.queue.restoreSpilled(stored.spilledCount, stored.spilledLast);
  const newest = stored.records[stored.records.length - 1];
  outbox.last = Math.max(outbox.last, newest?.sequence ?? 0, stored.spilledLast);
  outbox.durable = outbox.last;
  shard.outboxes.set(stored.egress, outbox);
}

function emptyOutbox(shard: Shard, egress: string): Outbox {
  return new Outbox(egress, egressPosition(shard, egress).sequence);
}
