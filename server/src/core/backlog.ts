import type { Message } from "./message.js";
import { payloadBytes } from "./message.js";
import type { OutboxRecord } from "./outbox.js";
import type { Shard } from "./shard.js";

/**
 * What a message, a record or a timer takes beside its payload: objects, strings, its place in a queue
 * and, at worst, a mailbox of its own.
 */
export const entryOverheadBytes = 512;

/** About how much memory messages, records and timers take, in bytes. */
export function heldBytes(shard: Readonly<Shard>): number {
  const { backlogBytes, backlogMessages, outboxBytes, outboxRecords, timers } = shard;
  const entries = backlogMessages + outboxRecords + timers.size;
  return backlogBytes + outboxBytes + timers.bytes + entries * entryOverheadBytes;
}

/**
 * Of these, messages. Ingress waits for them only: they go, or move to disk, whatever becomes of an
 * egress that takes nothing.
 */
export function waitingBytes({ backlogBytes, backlogMessages }: Readonly<Shard>): number {
  return backlogBytes + backlogMessages * entryOverheadBytes;
}

/** A message has come back from the tables, and with it the call that waits for its reply. */
export function holdStored(shard: Shard, message: Message): void {
  shard.backlogMessages++;
  shard.backlogBytes += payloadBytes(message);
  message.request = shard.spilledRequests.get(message.sequence) ?? 0;
  shard.spilledRequests.delete(message.sequence);
}

/** A message leaves memory; the tables hold it. A call that waits for its reply still does. */
export function forgetStored(shard: Shard, message: Message): void {
  shard.backlogMessages--;
  shard.backlogBytes -= payloadBytes(message);
  if (message.request !== 0) shard.spilledRequests.set(message.sequence, message.request);
}

/** A record is in memory, made or read back. */
export function holdRecord(shard: Shard, { value }: OutboxRecord): void {
  shard.outboxRecords++;
  shard.outboxBytes += value === null ? 0 : value.length;
}

/** A record leaves memory: the tables hold it, or it is where it belongs. */
export function forgetRecord(shard: Shard, { value }: OutboxRecord): void {
  shard.outboxRecords--;
  shard.outboxBytes -= value === null ? 0 : value.length;
}
