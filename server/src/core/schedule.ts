import { waitingBytes } from "./backlog.js";
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

/** Above this share of backlogBytesMax overdue messages come slowly: see mayFire(). */
const firingShare = 1 / 4;

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
  const key = readToken(shard, senderId, token);
  return key !== null && !isLate(shard, key);
}

/** Cancels a delayed message; nothing happens when it was due before, or never was. */
export function cancel(shard: Shard, senderId: string, token: string): void {
  const key = readToken(shard, senderId, token);
  if (key === null || isLate(shard, key)) return;
  writeToken(shard, senderId, token, null);
  if (shard.timers.cancel(key, shard.epoch.epoch)) shard.epoch.timersCleared.push(key);
}

/**
 * Whether delayed messages that are due may come. Where memory is filling they wait, on disk for the
 * most part, until what came last is folded and can leave memory: some with each fold.
 */
export function mayFire(shard: Readonly<Shard>): boolean {
  if (shard.isHeld) return false;
  const bytesMax = shard.options.limits.backlogBytesMax * firingShare;
  return waitingBytes(shard) < bytesMax || shard.foldedEpoch >= shard.firedEpoch;
}

/** Delivers messages whose time has come, in order of time; what is left is late: the next ticks have it. */
export function fireDue(shard: Shard): void {
  shard.late = null;
  if (mayFire(shard)) {
    const bytesMax = shard.options.limits.backlogBytesMax;
    for (let fired = 0; fired < firedPerStepMax; fired++) {
      if (fired > 0 && waitingBytes(shard) >= bytesMax) break;
      refillTimers(shard);
      const timer = shard.timers.takeDue(shard.nowMs);
      if (timer === undefined) return;
      fire(shard, timer);
    }
  }
  shard.late = { dueMs: shard.nowMs, sequence: shard.nextSequence };
}

function fire(shard: Shard, timer: Timer): void {
  const { callerId, token } = timer;
  shard.firedEpoch = shard.epoch.epoch;
  if (timer.storedEpoch > 0) shard.epoch.timersCleared.push(timer);
  // While it was late, the token may have been given to another.
  if (token !== "" && readToken(shard, callerId, token)?.sequence === timer.sequence) {
    writeToken(shard, callerId, token, null);
  }
  deliver(shard, timer, "", 0);
}

/** It was due before, and is kept back: no cancellation reaches it any more, and its token is free. */
function isLate({ late }: Shard, { dueMs, sequence }: TimerKey): boolean {
  return late !== null && dueMs <= late.dueMs && sequence < late.sequence;
}

/**
 * A token's row is there while its timer is pending, and says where the timer is; that of a late one may
 * have been taken over.
 */
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
