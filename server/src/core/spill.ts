import { present } from "./assert.js";
import type { Mailbox } from "./mailbox.js";
import type { Message } from "./message.js";
import { payloadBytes } from "./message.js";
import type { Outbox, OutboxRecord } from "./outbox.js";
import type { Shard } from "./shard.js";
import type { StoredMessage, StoredRecord, StoredTimer } from "./store-view.js";
import type { Timer } from "./timer.js";

/** After a fold: lets go of messages, records and timers that the tables hold now. */
export function evictFolded(shard: Shard): void {
  const { mailboxInMemoryMax, batchMessagesMax } = shard.options.limits;
  const { outboxInMemoryMax, outboxWindow } = shard.options.limits;
  // What may be in flight or delivered stays, whatever the limits say.
  const messagesKept = Math.max(mailboxInMemoryMax, batchMessagesMax);
  const recordsKept = Math.max(outboxInMemoryMax, outboxWindow);
  for (const mailbox of shard.large) {
    for (const message of mailbox.evict(shard.foldedEpoch, messagesKept)) {
      shard.backlogMessages--;
      shard.backlogBytes -= payloadBytes(message);
      if (message.request !== 0) shard.spilledRequests.set(message.sequence, message.request);
    }
    if (mailbox.length <= mailboxInMemoryMax) shard.large.delete(mailbox);
  }
  for (const outbox of shard.outboxes.values()) {
    outbox.queue.evict(shard.foldedEpoch, recordsKept);
  }
  shard.timers.evict(shard.foldedEpoch, shard.options.limits);
}

/** Reads the next messages of a mailbox back before it runs dry. */
export function refillMailbox(shard: Shard, mailbox: Mailbox): void {
  const { batchMessagesMax, mailboxInMemoryMax } = shard.options.limits;
  const { type, id } = mailbox;
  const loaded = mailbox.refill(batchMessagesMax, mailboxInMemoryMax, (after, last, limit) =>
    shard.view
      .readMessages({ type: type.index, id, after, last, limit })
      .map((stored) => messageFromStored(shard, stored)),
  );
  for (const message of loaded) {
    shard.backlogMessages++;
    shard.backlogBytes += payloadBytes(message);
    message.request = shard.spilledRequests.get(message.sequence) ?? 0;
    shard.spilledRequests.delete(message.sequence);
  }
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
  const { outboxWindow, outboxInMemoryMax } = shard.options.limits;
  const { egress, queue } = outbox;
  queue.refill(outboxWindow, outboxInMemoryMax, (after, last, limit) =>
    shard.view
      .readRecords({ egress, after, last, limit })
      .map((stored) => recordFromStored(shard, stored)),
  );
}

/** A message as the tables hold it. It is folded, so its stored epoch is that of the tables. */
export function messageFromStored(shard: Shard, stored: StoredMessage): Message {
  const { type, callerType, value, ...rest } = stored;
  return {
    ...rest,
    type: present(shard.typesByIndex[type], `function type ${type}`),
    callerType:
      callerType === 0
        ? null
        : present(shard.typesByIndex[callerType], `function type ${callerType}`),
    value,
    request: 0,
    storedEpoch: shard.foldedEpoch,
    consumed: false,
  };
}

function timerFromStored(shard: Shard, { dueMs, token, message }: StoredTimer): Timer {
  const { sequence, type, id, callerType, callerId, typename, value, traceparent, storedEpoch } =
    messageFromStored(shard, message);
  return {
    dueMs,
    sequence,
    token,
    type,
    id,
    callerType,
    callerId,
    typename,
    value,
    traceparent,
    storedEpoch,
    done: false,
  };
}

export function recordFromStored(shard: Shard, stored: StoredRecord): OutboxRecord {
  const { sourceType, ...rest } = stored;
  return {
    ...rest,
    sourceType: present(shard.typesByIndex[sourceType], `function type ${sourceType}`),
    storedEpoch: shard.foldedEpoch,
  };
}
