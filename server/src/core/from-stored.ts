import { present } from "./assert.js";
import type { FunctionType } from "./function-type.js";
import type { Message } from "./message.js";
import type { OutboxRecord } from "./outbox.js";
import type { Shard } from "./shard.js";
import type { StoredMessage, StoredRecord, StoredTimer } from "./store-view.js";
import type { Timer } from "./timer.js";

/** A message as the tables hold it. It is folded, so its stored epoch is that of the tables. */
export function messageFromStored(shard: Readonly<Shard>, stored: StoredMessage): Message {
  const { type, callerType } = stored;
  // Field by field, and in the order of deliver(): all messages have one shape.
  return {
    type: typeAt(shard, type),
    id: stored.id,
    callerType: callerType === 0 ? null : typeAt(shard, callerType),
    callerId: stored.callerId,
    typename: stored.typename,
    value: stored.value,
    traceparent: stored.traceparent,
    sequence: stored.sequence,
    key: stored.key,
    request: 0,
    storedEpoch: shard.foldedEpoch,
    consumed: false,
  };
}

function typeAt({ typesByIndex }: Readonly<Shard>, index: number): FunctionType {
  // The message costs more than the look-up: it is made when it is needed.
  return typesByIndex[index] ?? present<FunctionType>(undefined, `function type ${index}`);
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
