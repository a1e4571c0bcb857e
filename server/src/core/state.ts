import { present } from "./assert.js";
import type { Binding, BoundState } from "./binding.js";
import type { Expiration, StateChange } from "./command.js";
import { dispatchedAtMs } from "./flights.js";
import type { Mailbox } from "./mailbox.js";
import type { Shard } from "./shard.js";

/** The value of a state of one address, or null: none, deleted, or expired at that time. */
export function readState(
  shard: Shard,
  binding: Binding,
  index: number,
  id: string,
  atMs = shard.nowMs,
): Uint8Array | null {
  const { table } = boundState(binding, index);
  const row = shard.overlay.read(table.table, id);
  if (row === undefined || row.value === null) return null;
  // An expiry that was declared before the last restart shows itself only by its rows.
  if (row.expiresAtMs !== 0) table.expires = true;
  return isExpired(row.expiresAtMs, atMs) ? null : row.value;
}

/** Sets or, with null, deletes a state of one address. */
export function writeState(
  shard: Shard,
  binding: Binding,
  mailbox: Mailbox,
  { state, value }: StateChange,
): void {
  const { table, expiration } = boundState(binding, state).table;
  const expiresAtMs = value === null ? 0 : expiryFrom(expiration, shard.nowMs);
  const at = { table, key: mailbox.id };
  mailbox.lastRow = shard.overlay.rewrite(mailbox.lastRow, at, value, expiresAtMs);
}

/**
 * After an invocation: gives values that expire after invocation their time anew, and returns when
 * the first eager value that the server has seen expires (0: none does). That may be in the past:
 * what has expired while the invocation was in flight must not be seen by a lease. [LEASE-8]
 */
export function refreshExpiry(shard: Shard, binding: Binding, mailbox: Mailbox): number {
  let earliest = 0;
  const { id } = mailbox;
  for (const { table, lazy } of binding.states) {
    if (!table.expires) continue;
    const row = shard.overlay.read(table.table, id);
    if (
      row === undefined ||
      row.value === null ||
      isExpired(row.expiresAtMs, dispatchedAtMs(shard, mailbox))
    )
      continue;
    let { expiresAtMs } = row;
    const lives = !isExpired(expiresAtMs, shard.nowMs);
    if (lives && table.expiration?.mode === "afterInvocation") {
      expiresAtMs = expiryFrom(table.expiration, shard.nowMs);
      if (expiresAtMs !== row.expiresAtMs) {
        shard.overlay.write(table.table, id, row.value, expiresAtMs);
      }
    }
    if (!lazy && expiresAtMs > 0 && (earliest === 0 || expiresAtMs < earliest)) {
      earliest = expiresAtMs;
    }
  }
  return earliest;
}

/** Whether a value with this expiry is gone at this time. */
export function isExpired(expiresAtMs: number, nowMs: number): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= nowMs;
}

function boundState(binding: Binding, index: number): BoundState {
  return present(binding.states[index], `state ${index} of ${binding.type.name}`);
}

function expiryFrom(expiration: Expiration | null, nowMs: number): number {
  return expiration === null ? 0 : nowMs + expiration.durationMs;
}
