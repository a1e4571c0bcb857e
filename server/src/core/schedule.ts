import { FieldReader, FieldWriter } from "./fields.js";
import type { NewMessage } from "./router.js";
import { deliver } from "./router.js";
import type { Shard } from "./shard.js";
import { refillTimers } from "./spill.js";
import { keyedTable } from "./state-table.js";
import type { TimerKey } from "./store-view.js";
import type { Timer } from "./timer.js";
import { tokenKey } from "./timer.js";

/** Timers that fire in one step: a long line of overdue ones must not keep others waiting. */
export const firedPerStepMax = 256;

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
  if (when.token !== "") writeToken(shard, timer.callerId, when.token, timer);
}

/** Whether a delayed message with this token of this sender id is pending. */
export function isTokenPending(shard: Shard, senderId: string, token: string): boolean {
  return readToken(shard, senderId, token) !== null;
}

/** Cancels a delayed message; nothing happens when it has fired or never was. */
export function cancel(shard: Shard, senderId: string, token: string): void {
  const key = readToken(shard, senderId, token);
  if (key === null) return;
  writeToken(shard, senderId, token, null);
  if (shard.timers.cancel(key, shard.epoch.epoch)) shard.epoch.timersCleared.push(key);
}

/** Delivers messages whose time has come, in order of time; the rest with the next tick. */
export function fireDue(shard: Shard): void {
  if (shard.isHeld) return;
  for (let fired = 0; fired < firedPerStepMax; fired++) {
    refillTimers(shard);
    const timer = shard.timers.takeDue(shard.nowMs);
    if (timer === undefined) return;
    if (timer.storedEpoch > 0) shard.epoch.timersCleared.push(timer);
    if (timer.token !== "") writeToken(shard, timer.callerId, timer.token, null);
    deliver(shard, timer, "", 0);
  }
}

/** A token's row is there exactly while its timer is pending, and says where the timer is. */
function readToken(shard: Shard, senderId: string, token: string): TimerKey | null {
  const row = shard.overlay.read(keyedTable.token, tokenKey(senderId, token));
  if (row === undefined || row.value === null) return null;
  const fields = new FieldReader(row.value);
  return { sequence: fields.number(), dueMs: fields.number() };
}

function writeToken(shard: Shard, senderId: string, token: string, timer: TimerKey | null): void {
  const value =
    timer === null ? null : new FieldWriter().number(timer.sequence).number(timer.dueMs).finish();
  shard.overlay.write(keyedTable.token, tokenKey(senderId, token), value, 0);
}
