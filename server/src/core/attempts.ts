import type { Failure } from "./effect.js";
import { FieldReader, FieldWriter } from "./fields.js";
import type { Mailbox } from "./mailbox.js";
import type { Shard } from "./shard.js";
import { addressKey, keyedTable } from "./state-table.js";

/**
 * What was tried in vain at the first message of a mailbox. It ends with the first result that
 * consumes the message, and survives restarts: else a message that fails in a loop of crashes would
 * never be given up.
 */
export interface Attempts {
  /** Attempts that a server answered with a failure, or not in time. [INVOKE-14] */
  failures: number;
  /** Streams that were lost with the message in flight, one after the other. [CLOSE-3] */
  losses: number;
  firstFailedAtMs: number;
  lastFailedAtMs: number;
  /** No attempt before. [FAIL-4] */
  retryAtMs: number;
  /** In flight as a suspect. */
  inQuarantine: boolean;
  /**
   * The epoch whose row counts the attempt that is about to begin as a loss; 0: none does. Only with
   * CoreOptions.suspectRestored: a node that dies of the attempt knows of it at its next start.
   */
  announcedEpoch: number;
  /** The session whose server could not take the message, for no fault of it; 0: none. Not stored. */
  avoided: number;
  /** There is a row of it. */
  isStored: boolean;
  /** What the last one failed with, for people; null: that was before a restart. Not stored. */
  lastFailure: Failure | null;
}

/** The attempts at the first message, of which one has failed just now. */
export function noteAttempt(shard: Shard, mailbox: Mailbox): Attempts {
  mailbox.attempts ??= {
    failures: 0,
    losses: 0,
    firstFailedAtMs: shard.nowMs,
    lastFailedAtMs: shard.nowMs,
    retryAtMs: 0,
    inQuarantine: false,
    announcedEpoch: 0,
    avoided: 0,
    isStored: false,
    lastFailure: null,
  };
  mailbox.attempts.lastFailedAtMs = shard.nowMs;
  return mailbox.attempts;
}

/** All that failed, lost streams included. */
export function countAttempts(attempts: Attempts | null): number {
  return attempts === null ? 0 : attempts.failures + attempts.losses;
}

/** Makes the attempts part of the epoch, with another number of losses if one is given. */
export function storeAttempts(
  shard: Shard,
  mailbox: Mailbox,
  attempts: Attempts,
  losses = attempts.losses,
): void {
  const value = new FieldWriter()
    .number(attempts.failures)
    .number(losses)
    .number(attempts.firstFailedAtMs)
    .number(attempts.lastFailedAtMs)
    .number(attempts.retryAtMs)
    .finish();
  attempts.isStored = true;
  shard.overlay.write(keyedTable.attempts, addressKey(mailbox), value, 0);
}

/** The reverse of storeAttempts(). */
export function decodeAttempts(value: Uint8Array): Attempts {
  const fields = new FieldReader(value);
  return {
    failures: fields.number(),
    losses: fields.number(),
    firstFailedAtMs: fields.number(),
    lastFailedAtMs: fields.number(),
    retryAtMs: fields.number(),
    inQuarantine: false,
    announcedEpoch: 0,
    avoided: 0,
    isStored: true,
    lastFailure: null,
  };
}

/** Makes a mailbox wait until its attempts' retryAtMs. */
export function waitForRetry(shard: Shard, mailbox: Mailbox, { retryAtMs }: Attempts): void {
  mailbox.state = "backingOff";
  mailbox.binding = null;
  shard.retries.push({ dueMs: retryAtMs, sequence: shard.nextRetry++, mailbox });
}

/** The first message is done with, or parked: what comes next starts anew. */
export function forgetAttempts(shard: Shard, mailbox: Mailbox): void {
  if (mailbox.attempts?.isStored === true) {
    shard.overlay.write(keyedTable.attempts, addressKey(mailbox), null, 0);
  }
  mailbox.attempts = null;
}
