import { present } from "./assert.js";
import type { Message } from "./message.js";
import type { OutboxRecord } from "./outbox.js";
import type { Shard } from "./shard.js";
import type { StoredMessage, StoredRecord, StoredTimer } from "./store-view.js";
import type { Timer } from "./timer.js";

/** A message as the tables hold it. It is folded, so its stored epoch is that of the tables. */
export function messageFromStored(shard: Readonly<Shard>, stored: StoredMessage): Message {
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

export function timerFromStored(shard: Shard, { dueMs, token, message }: StoredTimer): Timer {
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
