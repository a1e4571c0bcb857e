import { writeKey } from "./dedup.js";
import type { Failure } from "./effect.js";
import type { Message } from "./message.js";
import type { Shard } from "./shard.js";
import type { TypedValue } from "./typed-value.js";

/** Answers whoever waits for the reply to a consumed message, once the epoch is durable. */
export function answer(shard: Shard, message: Message, value: TypedValue | null): void {
  if (message.key !== "") writeKey(shard, message.key, { kind: "replied", value });
  tellWaiters(shard, message, value, null);
}

/** As answer(), for a message that is gone without a result: its key is answered so ever after. */
export function answerGone(shard: Shard, message: Message, failure: Failure): void {
  if (message.key !== "") writeKey(shard, message.key, { kind: "failed", failure });
  tellWaiters(shard, message, null, failure);
}

/** Tells whoever waits that there is no reply for now: the message stays where it is. */
export function answerParking(shard: Shard, message: Message, failure: Failure): void {
  tellWaiters(shard, message, null, failure);
  message.request = 0;
}

function tellWaiters(
  shard: Shard,
  { request, key }: Message,
  value: TypedValue | null,
  failure: Failure | null,
): void {
  const { replied } = shard.epoch.releases;
  if (request !== 0) replied.push({ request, value, failure });
  if (key === "") return;
  for (const other of shard.keyWaiters.get(key) ?? []) {
    replied.push({ request: other, value, failure });
  }
  shard.keyWaiters.delete(key);
}
