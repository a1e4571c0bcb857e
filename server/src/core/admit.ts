import { isFunctionTypeName } from "./address.js";
import { internType } from "./catalog.js";
import type { AdvanceCommand, CallCommand, Once, SendCommand } from "./command.js";
import {
  isKeyPending,
  isPositionPending,
  readKey,
  readPosition,
  writeKey,
  writePosition,
} from "./dedup.js";
import { findUnknown } from "./known-types.js";
import { decodeParked } from "./park.js";
import { deliver } from "./router.js";
import { schedule } from "./schedule.js";
import type { Shard } from "./shard.js";
import { addressKey, keyedTable } from "./state-table.js";

/** Accepts a message from an ingress, drops it as a duplicate, or rejects it. */
export function send(shard: Shard, command: SendCommand): void {
  if (isRejected(shard, command)) return;
  if (command.once !== null && isDuplicate(shard, command.once)) {
    acknowledge(shard, command.request, isPending(shard, command.once));
    return;
  }
  if (command.once !== null) remember(shard, command.once);
  const from = newMessage(shard, command);
  if (command.delayMs > 0) schedule(shard, from, { delayMs: command.delayMs, token: "" });
  else deliver(shard, from, "", 0);
  shard.epoch.releases.acknowledged.push({ request: command.request, duplicate: false });
}

/** Moves a source's position past what made no message. It never moves back. */
export function advance(shard: Shard, { request, source, sequence }: AdvanceCommand): void {
  const once = { kind: "sequence", source, sequence } as const;
  if (isDuplicate(shard, once)) {
    acknowledge(shard, request, isPending(shard, once));
    return;
  }
  remember(shard, once);
  shard.epoch.releases.acknowledged.push({ request, duplicate: false });
}

/** As send, but the answer is the function's reply. */
export function call(shard: Shard, command: CallCommand): void {
  if (isRejected(shard, command)) return;
  const key = command.once?.key ?? "";
  const outcome = key === "" ? undefined : readKey(shard, key);
  if ((outcome === undefined || outcome.kind === "accepted") && answerParked(shard, command))
    return;
  if (outcome === undefined) {
    if (key !== "") writeKey(shard, key, { kind: "accepted" });
    deliver(shard, newMessage(shard, command), key, command.request);
    return;
  }
  if (outcome.kind === "accepted") {
    const waiters = shard.keyWaiters.get(key);
    if (waiters === undefined) shard.keyWaiters.set(key, [command.request]);
    else waiters.push(command.request);
    return;
  }
  if (outcome.kind === "sent") {
    const message = `idempotency key "${key}" was used by a send, which has no reply`;
    shard.effects.rejected.push({ request: command.request, code: "invalid", message });
    return;
  }
  const { request } = command;
  const replied =
    outcome.kind === "failed"
      ? { request, value: null, failure: outcome.failure }
      : { request, value: outcome.value, failure: null };
  if (isKeyPending(shard, key)) shard.epoch.releases.replied.push(replied);
  else shard.effects.replied.push(replied);
}

/**
 * A send to a type that was served before waits for the next server of it, as in a module that
 * declares the type. A call has somebody who waits, and can better try again.
 *
 * A numbered send to a type that is interned is never rejected: those behind it may be on their way,
 * and one that is accepted closes for good the gap that it would leave.
 */
function isRejected(shard: Shard, command: SendCommand | CallCommand): boolean {
  const { kind, request, typeName, once } = command;
  const type = shard.types.get(typeName);
  if (type !== undefined && type.bindings.length > 0) return false;
  if (!isFunctionTypeName(typeName)) {
    const message = `"${typeName}" is not namespace/type`;
    shard.effects.rejected.push({ request, code: "invalid", message });
    return true;
  }
  const unknown = findUnknown(shard, typeName);
  if (unknown === null) return false;
  const mayGoOn = type !== undefined && kind === "send" && once?.kind === "sequence";
  if (mayGoOn) return false;
  if (type === undefined || type.standing === "named") {
    shard.effects.rejected.push({ request, code: "notFound", message: unknown });
    return true;
  }
  if (kind === "send") return false;
  const message = `no server of ${typeName} is attached now, and no module declares it by name`;
  shard.effects.rejected.push({ request, code: "unavailable", message });
  return true;
}

/** A call to a parked address would wait for an operator: it is told at once, and leaves no trace. */
function answerParked(shard: Shard, { request, typeName, id }: CallCommand): boolean {
  const type = shard.types.get(typeName);
  if (type === undefined || type.counters.parked === 0) return false;
  const key = addressKey({ type, id });
  const row = shard.overlay.read(keyedTable.parked, key);
  if (row === undefined || row.value === null) return false;
  const reason = decodeParked(row.value);
  const message = `${typeName}/${id} is parked (${reason.code}): ${reason.message}`;
  const replied = { request, value: null, failure: { code: "parked", message } };
  // While the parking is not durable, a crash may undo it.
  const isPending = shard.overlay.epochOf(keyedTable.parked, key) > shard.committedEpoch;
  if (isPending) shard.epoch.releases.replied.push(replied);
  else shard.effects.replied.push(replied);
  return true;
}

function newMessage(shard: Shard, command: SendCommand | CallCommand) {
  return {
    type: internType(shard, command.typeName),
    id: command.id,
    callerType: null,
    callerId: "",
    typename: command.message.typename,
    value: command.message.value,
    traceparent: command.traceparent,
  };
}

function isDuplicate(shard: Shard, once: Once): boolean {
  if (once.kind === "key") return readKey(shard, once.key) !== undefined;
  return once.sequence <= readPosition(shard, once.source);
}

function isPending(shard: Shard, once: Once): boolean {
  return once.kind === "key"
    ? isKeyPending(shard, once.key)
    : isPositionPending(shard, once.source);
}

function remember(shard: Shard, once: Once): void {
  if (once.kind === "key") writeKey(shard, once.key, { kind: "sent" });
  else writePosition(shard, once.source, once.sequence);
}

/** A duplicate's answer must not outrun the epoch of the original. */
function acknowledge(shard: Shard, request: number, pending: boolean): void {
  const acknowledged = { request, duplicate: true };
  if (pending) shard.epoch.releases.acknowledged.push(acknowledged);
  else shard.effects.acknowledged.push(acknowledged);
}
