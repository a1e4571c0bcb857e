import type { FailureCode, InvocationFailure } from "./command.js";
import { FieldReader, FieldWriter } from "./fields.js";
import { mix } from "./hash.js";
import { revokeLease } from "./lease.js";
import type { Mailbox } from "./mailbox.js";
import type { RetryPolicy } from "./options.js";
import { place } from "./placement.js";
import type { Shard } from "./shard.js";
import { policyOf } from "./shard.js";
import { keyedTable } from "./state-table.js";

/** Why an address is set aside. */
export interface ParkedReason {
  readonly code: FailureCode;
  readonly message: string;
  readonly attempts: number;
  readonly parkedAtMs: number;
}

/** The first message of a mailbox has failed: tries again later, or sets the mailbox aside. */
export function failHead(shard: Shard, mailbox: Mailbox, failure: InvocationFailure): void {
  revokeLease(mailbox);
  mailbox.type.counters.failures++;
  // These speak of the server, not of the message. [FAIL-7]
  if (failure.code !== "overloaded" && failure.code !== "unknownFunction") mailbox.attempt++;
  const { retry } = policyOf(shard, mailbox.type.name);
  const exhausted = retry.attemptsMax > 0 && mailbox.attempt >= retry.attemptsMax;
  if (!failure.retryable || exhausted) park(shard, mailbox, failure);
  else backOff(shard, mailbox, Math.max(failure.retryAfterMs, backoffMs(retry, mailbox)));
}

/** Puts mailboxes whose wait is over back in line. */
export function retryDue(shard: Shard): void {
  for (;;) {
    const next = shard.retries.peek();
    if (next === undefined || next.dueMs > shard.nowMs) return;
    shard.retries.pop();
    const { mailbox } = next;
    if (mailbox.state === "backingOff" && mailbox.retryAtMs === next.dueMs) place(mailbox);
  }
}

/** The parked table's key of an address. */
export function parkedKey(mailbox: Mailbox): string {
  return `${mailbox.type.index}/${mailbox.id}`;
}

/** The reverse of what park() stores. */
export function decodeParked(value: Uint8Array): ParkedReason {
  const fields = new FieldReader(value);
  const code = fields.text() as FailureCode;
  return { code, message: fields.text(), attempts: fields.number(), parkedAtMs: fields.number() };
}

function park(shard: Shard, mailbox: Mailbox, failure: InvocationFailure): void {
  mailbox.state = "parked";
  mailbox.binding = null;
  mailbox.type.counters.parked++;
  const value = new FieldWriter()
    .text(failure.code)
    .text(failure.message)
    .number(mailbox.attempt)
    .number(shard.nowMs)
    .finish();
  shard.overlay.write(keyedTable.parked, parkedKey(mailbox), value, 0);
  failWaiters(shard, mailbox, failure);
}

/** Whoever waits for the head message's reply learns that it is set aside. */
function failWaiters(shard: Shard, mailbox: Mailbox, failure: InvocationFailure): void {
  const head = mailbox.front(0);
  if (head === undefined) return;
  const requests = head.key === "" ? [] : (shard.keyWaiters.get(head.key) ?? []);
  shard.keyWaiters.delete(head.key);
  if (head.request !== 0) requests.push(head.request);
  head.request = 0;
  for (const request of requests) {
    shard.epoch.releases.replied.push({
      request,
      value: null,
      failure: { code: failure.code, message: failure.message },
    });
  }
}

function backOff(shard: Shard, mailbox: Mailbox, delayMs: number): void {
  mailbox.state = "backingOff";
  mailbox.binding = null;
  mailbox.retryAtMs = shard.nowMs + delayMs;
  shard.retries.push({ dueMs: mailbox.retryAtMs, sequence: shard.nextRetry++, mailbox });
}

/** Exponential, capped, varied by a hash instead of chance so that a run can be repeated. */
function backoffMs(retry: RetryPolicy, mailbox: Mailbox): number {
  // Bounded, because 0 times infinity is no number.
  const growth = Math.min(retry.factor ** Math.max(0, mailbox.attempt - 1), Number.MAX_VALUE);
  const grown = retry.initialBackoffMs * growth;
  const capped = Math.min(grown, retry.backoffMsMax);
  const sequence = mailbox.front(0)?.sequence ?? 0;
  const share = mix(sequence >>> 0, mailbox.attempt) / 0x1_0000_0000;
  return Math.round(capped * (1 - retry.jitter * share));
}
