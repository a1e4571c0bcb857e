import { openMailbox } from "./cold.js";
import type { FunctionType } from "./function-type.js";
import type { Mailbox } from "./mailbox.js";
import type { Message } from "./message.js";
import { payloadBytes } from "./message.js";
import { placeOrPark } from "./park.js";
import type { Shard } from "./shard.js";

/** A message as its sender made it. */
export interface NewMessage {
  readonly type: FunctionType;
  readonly id: string;
  readonly callerType: FunctionType | null;
  readonly callerId: string;
  readonly typename: string;
  readonly value: Uint8Array | null;
  readonly traceparent: string;
}

/** Puts a message at the end of its mailbox. Internal sends are never refused. */
export function deliver(shard: Shard, from: NewMessage, key: string, request: number): void {
  const message: Message = {
    type: from.type,
    id: from.id,
    callerType: from.callerType,
    callerId: from.callerId,
    typename: from.typename,
    value: from.value,
    traceparent: from.traceparent,
    sequence: shard.nextSequence++,
    key,
    request,
    storedEpoch: 0,
    consumed: false,
  };
  const { type } = message;
  let mailbox = type.mailboxes.get(message.id);
  if (mailbox === undefined) {
    mailbox = openMailbox(shard, type, message.id);
  }
  mailbox.push(message);
  shard.epoch.messages.push(message);
  shard.backlogMessages++;
  shard.backlogBytes += payloadBytes(message);
  type.counters.messagesIn++;
  type.counters.waiting++;
  if (mailbox.state === "idle") placeOrPark(shard, mailbox);
  if (mailbox.length > shard.options.limits.mailboxInMemoryMax) shard.large.add(mailbox);
}

/** Removes the first message of a mailbox, whose effects have been applied. */
export function consume(shard: Shard, mailbox: Mailbox): Message | undefined {
  const message = mailbox.take();
  if (message === undefined) return undefined;
  message.consumed = true;
  if (message.storedEpoch > 0) {
    shard.epoch.consumed.push(message);
    mailbox.consumedEpoch = shard.epoch.epoch;
  }
  shard.backlogMessages--;
  shard.backlogBytes -= payloadBytes(message);
  mailbox.type.counters.waiting--;
  return message;
}
