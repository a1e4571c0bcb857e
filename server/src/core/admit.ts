import { covers, isFunctionTypeName } from "./address.js";
import { present } from "./assert.js";
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
import { decodeParked, parkedKey } from "./failure.js";
import { deliver } from "./router.js";
import { schedule } from "./schedule.js";
import type { Shard } from "./shard.js";
import { keyedTable } from "./state-table.js";

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
  const replied = { request: command.request, value: outcome.value, failure: null };
  if (isKeyPending(shard, key)) shard.epoch.releases.replied.push(replied);
  else shard.effects.replied.push(replied);
}

function isRejected(shard: Shard, { request, typeName }: SendCommand | CallCommand): boolean {
  const type = shard.types.get(typeName);
  if (type !== undefined && type.bindings.length > 0) return false;
  if (!isFunctionTypeName(typeName)) {
    const message = `"${typeName}" is not namespace/type`;
    shard.effects.rejected.push({ request, code: "invalid", message });
    return true;
  }
  const unknown = findUnknown(shard, typeName);
  if (unknown === null) return false;
  shard.effects.rejected.push({ request, code: "notFound", message: unknown });
  return true;
}

/** A call to a parked address would wait for an operator: it is told at once, and leaves no trace. */
function answerParked(shard: Shard, { request, typeName, id }: CallCommand): boolean {
  const mailbox = shard.types.get(typeName)?.mailboxes.get(id);
  if (mailbox?.state !== "parked") return false;
  const key = parkedKey(mailbox);
  const reason = decodeParked(present(shard.overlay.read(keyedTable.parked, key)?.value, key));
  const message = `${typeName}/${id} is parked (${reason.code}): ${reason.message}`;
  const replied = { request, value: null, failure: { code: "parked", message } };
  // While the parking is not durable, a crash may undo it.
  const isPending = shard.overlay.epochOf(keyedTable.parked, key) > shard.committedEpoch;
  if (isPending) shard.epoch.releases.replied.push(replied);
  else shard.effects.replied.push(replied);
  return true;
}

/** Why a type cannot be served, now or when its servers come: for people; null when it can. */
export function findUnknown(shard: Shard, typeName: string): string | null {
  const declared = shard.options.functions.map((policy) => policy.pattern);
  if (declared.includes(typeName)) return null;
  const served = servedNames(shard);
  if (served.some((pattern) => covers(pattern, typeName))) return null;
  const wildcard = declared.find((pattern) => covers(pattern, typeName));
  // A namespace that no server has answered for yet may still hold the type.
  if (wildcard !== undefined && !served.some((name) => covers(wildcard, name))) return null;
  // A wildcard says nothing beside the names that its servers gave.
  const isRefined = (pattern: string) =>
    pattern.endsWith("/*") && served.some((name) => name !== pattern && covers(pattern, name));
  const unrefined = declared.filter((pattern) => !isRefined(pattern));
  const known = [...new Set([...unrefined, ...served])].sort();
  const list = known.length === 0 ? "none" : known.join(", ");
  return `unknown function type ${typeName}; known: ${list}`;
}

function servedNames(shard: Shard): string[] {
  const names = new Set<string>();
  for (const session of shard.sessions.values()) {
    for (const spec of session.functions) names.add(spec.pattern);
  }
  return [...names];
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
