import { FieldReader, FieldWriter } from "./fields.js";
import type { NewMessage } from "./router.js";
import { deliver } from "./router.js";
import type { Shard } from "./shard.js";
import { keyedTable } from "./state-table.js";
import type { Timer } from "./timer.js";
import { tokenKey } from "./timer.js";

/** Keeps a message until its time. A token that is pending must not be used again. */
export function schedule(
  shard: Shard,
  message: NewMessage,
  when: { readonly delayMs: number; readonly token: string },
): void {
  const timer: Timer = {
    ...message,
    dueMs: shard.nowMs + when.delayMs,
    sequence: shard.nextSequence++,
    token: when.token,
    storedEpoch: 0,
    done: false,
  };
  shard.timers.add(timer);
  shard.epoch.timersSet.push(timer);
  if (when.token === "") return;
  const value = new FieldWriter().number(timer.sequence).finish();
  shard.overlay.write(keyedTable.token, tokenKey(timer.callerId, when.token), value, 0);
}

/** Whether a delayed message with this token of this sender id is pending. */
export function isTokenPending(shard: Shard, senderId: string, token: string): boolean {
  const row = shard.overlay.read(keyedTable.token, tokenKey(senderId, token));
  return row !== undefined && row.value !== null;
}

/** Cancels a delayed message; nothing happens when it has fired or never was. */
export function cancel(shard: Shard, senderId: string, token: string): void {
  const row = shard.overlay.read(keyedTable.token, tokenKey(senderId, token));
  if (row === undefined || row.value === null) return;
  const timer = shard.timers.cancel(new FieldReader(row.value).number());
  if (timer !== undefined) clear(shard, timer);
}

/** Delivers every message whose time has come, in order of time. */
export function fireDue(shard: Shard): void {
  for (;;) {
    const timer = shard.timers.takeDue(shard.nowMs);
    if (timer === undefined) return;
    clear(shard, timer);
    deliver(shard, timer, "", 0);
  }
}

function clear(shard: Shard, timer: Timer): void {
  if (timer.storedEpoch > 0) shard.epoch.timersCleared.push(timer);
  if (timer.token === "") return;
  shard.overlay.write(keyedTable.token, tokenKey(timer.callerId, timer.token), null, 0);
}
