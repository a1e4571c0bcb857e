import { decodeAttempts } from "../../src/core/attempts.js";
import type { ChangeSet } from "../../src/core/change-set.js";
import type { Delivery, Effects, Invocation, Replied } from "../../src/core/effect.js";
import { FieldReader } from "../../src/core/fields.js";
import type { FunctionType } from "../../src/core/function-type.js";
import type { Message } from "../../src/core/message.js";
import { decodeParked } from "../../src/core/park.js";
import type { RowChange } from "../../src/core/row.js";
import type { Shard } from "../../src/core/shard.js";
import { firstStateTable, keyedTable } from "../../src/core/state-table.js";

// How scenarios write what goes into the core and what comes out of it. Values are text; "~" is an
// absent one.

/** A value as a scenario writes it. */
export function valueFromText(text: string): Uint8Array | null {
  return text === "~" ? null : Buffer.from(text);
}

function textOf(value: Uint8Array | null): string {
  return value === null ? "~" : JSON.stringify(Buffer.from(value).toString()).slice(1, -1) || '""';
}

/** Everything that left, one effect a line. */
export function effectLines(effects: Effects): string[] {
  const lines = effects.dispatches.flatMap(({ session, invocations, stateReplies }) => [
    ...invocations.map((invocation) => `dispatch s${session} ${invocationText(invocation)}`),
    ...stateReplies.map(({ invocation, states, fault }) => {
      const values = states.map(({ state, value }) => `state${state}=${textOf(value)}`);
      if (fault !== undefined) values.push(fault);
      return ["state reply", `s${session}`, `#${invocation}`, ...values].join(" ");
    }),
  ]);
  for (const { request, code, message } of effects.rejected) {
    lines.push(`rejected r${request} ${code}: ${message}`);
  }
  for (const { request, duplicate } of effects.acknowledged) {
    lines.push(`acknowledged r${request}${duplicate ? " duplicate" : ""}`);
  }
  for (const replied of effects.replied) lines.push(replyText(replied));
  for (const { request, addresses } of effects.decided) {
    lines.push(`decided r${request} ${addresses} addresses`);
  }
  for (const delivery of effects.deliveries) lines.push(deliveryText(delivery));
  for (const { session, clause, message } of effects.closedSessions) {
    lines.push(`closed s${session} [${clause}] ${message}`);
  }
  for (const session of effects.drainedSessions) lines.push(`drained s${session}`);
  return lines;
}

function invocationText(invocation: Invocation): string {
  const { binding, states, lease, attempt, messages } = invocation;
  const parts = [`#${invocation.invocation}`, `${binding.type.name}/${invocation.id}`];
  parts.push(`[${messages.map(messageText).join(", ")}]`);
  states.forEach((value, at) => {
    const state = binding.states[binding.eager[at] ?? -1];
    parts.push(`${state?.table.name}=${textOf(value)}`);
  });
  if (lease !== 0) parts.push(`lease=#${lease}`);
  if (attempt > 0) parts.push(`attempt=${attempt}`);
  return parts.join(" ");
}

function messageText({ value, callerType, callerId }: Message): string {
  const from = callerType === null ? "" : ` from ${callerType.name}/${callerId}`;
  return `${textOf(value)}${from}`;
}

function replyText({ request, value, failure }: Replied): string {
  if (failure !== null) return `replied r${request} failed, ${failure.code}: ${failure.message}`;
  return `replied r${request} ${value === null ? "without a value" : textOf(value.value)}`;
}

function deliveryText({ egress, records }: Delivery): string {
  return `deliver ${egress} ${records.map((r) => `${r.sequence}:${textOf(r.value)}`).join(" ")}`;
}

/** What an epoch makes durable, one change a line. */
export function changeLines(changes: ChangeSet, shard: Readonly<Shard>): string[] {
  const lines = [`epoch ${changes.epoch}`];
  const add = (what: string) => lines.push(`  ${what}`);
  for (const { index, name } of changes.types) add(`type ${index} is ${name}`);
  for (const { table, typeName, name } of changes.stateTables) {
    add(`state table ${table} is ${name} of ${typeName}`);
  }
  changes.rows.forEach((row) => {
    add(rowText(row, shard));
  });
  for (const message of changes.messages) add(`message ${storedText(message)}`);
  for (const message of changes.consumed) add(`consumed ${storedText(message)}`);
  for (const timer of changes.timersSet) add(`timer ${storedText(timer)} due at ${timer.dueMs}`);
  for (const { sequence, dueMs } of changes.timersCleared) {
    add(`timer cleared ${sequence} due at ${dueMs}`);
  }
  for (const { egress, sequence, value } of changes.records) {
    add(`record ${egress} ${sequence}:${textOf(value)}`);
  }
  for (const { egress, sequence } of changes.recordsAcknowledged) {
    add(`record gone ${egress} ${sequence}`);
  }
  return lines;
}

function storedText(stored: {
  readonly type: FunctionType;
  readonly id: string;
  readonly sequence: number;
  readonly value: Uint8Array | null;
}): string {
  return `${stored.sequence} to ${stored.type.name}/${stored.id}: ${textOf(stored.value)}`;
}

function rowText(row: RowChange, shard: Readonly<Shard>): string {
  const expiry = row.expiresAtMs === 0 ? "" : ` until ${row.expiresAtMs}`;
  return `${rowName(row, shard)} = ${row.value === null ? "~" : rowValue(row, row.value)}${expiry}`;
}

function rowName({ table, key }: RowChange, shard: Readonly<Shard>): string {
  const state = shard.stateTables[table - firstStateTable];
  if (state !== undefined) return `state ${state.name} of ${state.typeName}/${key}`;
  const name = Object.entries(keyedTable).find(([, number]) => number === table)?.[0];
  return `${name} ${JSON.stringify(key).slice(1, -1)}`;
}

function rowValue({ table }: RowChange, value: Uint8Array): string {
  const fields = new FieldReader(value);
  switch (table) {
    case keyedTable.position:
      return `${fields.number()}`;
    case keyedTable.token:
      return `${fields.number()} due at ${fields.number()}`;
    case keyedTable.egress:
      return `${fields.number()} at ${fields.number()}`;
    case keyedTable.dedup:
      return ["accepted", "replied", "replied", "replied", "sent", "failed"][fields.number()] ?? "";
    case keyedTable.parked: {
      const { code, attempts } = decodeParked(value);
      return `${code} after ${attempts} attempts`;
    }
    case keyedTable.attempts: {
      const { failures, losses, retryAtMs } = decodeAttempts(value);
      return `${failures} failures, ${losses} losses, next at ${retryAtMs}`;
    }
    default:
      return textOf(value);
  }
}
