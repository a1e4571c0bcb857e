import { answerGone } from "./answer.js";
import type { Attempts } from "./attempts.js";
import {
  countAttempts,
  forgetAttempts,
  noteAttempt,
  storeAttempts,
  waitForRetry,
} from "./attempts.js";
import type { FailureCode, InvocationFailure } from "./command.js";
import { encodeDeadLetter } from "./dead-letter.js";
import type { Failure } from "./effect.js";
import { mix } from "./hash.js";
import { reportIncident } from "./incident.js";
import { revokeLease } from "./lease.js";
import type { Mailbox } from "./mailbox.js";
import type { RetryPolicy } from "./options.js";
import { park } from "./park.js";
import { place, proceed } from "./placement.js";
import { loneLosses, suspectLosses } from "./quarantine.js";
import { emit } from "./release.js";
import { consume } from "./router.js";
import type { Shard } from "./shard.js";
import { policyOf } from "./shard.js";
import { refillMailbox } from "./spill.js";

/**
 * Streams lost in a row with a message in flight, the last ones without another suspect: then the
 * message is given up, unless its attempts have no limit. Fewer than other attempts, because each of
 * them takes down a server and all that runs on it.
 */
const lossesMax = 10;
/** The least wait before a message is tried again that has taken down its stream, alone. */
const lossBackoffMs = 1000;

type GivenUp = Failure & { readonly code: FailureCode };

/** The first message of a mailbox has failed: tries again later, or gives it up. */
export function failHead(shard: Shard, mailbox: Mailbox, failure: InvocationFailure): void {
  revokeLease(mailbox);
  const attempts = noteAttempt(shard, mailbox);
  // Whatever was answered, the message has not killed its server.
  attempts.losses = 0;
  // These speak of the server, not of the message: another one may take it. [FAIL-7]
  const isOfServer = failure.code === "overloaded" || failure.code === "unknownFunction";
  attempts.avoided = isOfServer ? (mailbox.binding?.session.id ?? 0) : 0;
  if (!isOfServer) attempts.failures++;
  const { retry } = policyOf(shard, mailbox.type.name);
  const isExhausted = retry.attemptsMax > 0 && attempts.failures >= retry.attemptsMax;
  if (!failure.retryable || isExhausted) {
    giveUp(shard, mailbox, retry, failure);
    return;
  }
  const delayMs = backoffMs(retry, mailbox, attempts.failures - 1);
  backOff(shard, mailbox, failure, Math.max(failure.retryAfterMs, delayMs));
}

/**
 * An invocation of several inputs has failed as a whole, and the fault may be a later one's: sends
 * fewer of them before anything is held against the first. [RESULT-11]
 */
export function retrySmaller(
  shard: Shard,
  mailbox: Mailbox,
  { failure, batchLimit }: { readonly failure: GivenUp; readonly batchLimit: number },
): void {
  revokeLease(mailbox);
  mailbox.batchLimit = batchLimit;
  reportFailed(shard, mailbox, failure, 0);
  place(mailbox);
}

/**
 * The stream was lost with the invocation in flight. Mostly that says nothing about the messages: they
 * go to another server at once. When it happens again and again, it does. [CLOSE-3]
 */
export function loseHead(shard: Shard, mailbox: Mailbox): void {
  revokeLease(mailbox);
  const attempts = noteAttempt(shard, mailbox);
  attempts.losses++;
  const isSuspect = attempts.losses >= suspectLosses;
  // A later input may be the one: they go one at a time.
  if (isSuspect) mailbox.batchLimit = 1;
  if (attempts.losses <= loneLosses) {
    if (isSuspect) storeAttempts(shard, mailbox, attempts);
    place(mailbox);
    return;
  }
  if (giveUpLost(shard, mailbox)) return;
  const { retry } = policyOf(shard, mailbox.type.name);
  const slower = { ...retry, initialBackoffMs: Math.max(retry.initialBackoffMs, lossBackoffMs) };
  const delayMs = backoffMs(slower, mailbox, attempts.losses - loneLosses - 1);
  backOff(shard, mailbox, lost(attempts), delayMs);
}

/** Gives the first message up when it was in flight on too many streams that were lost. */
export function giveUpLost(shard: Shard, mailbox: Mailbox): boolean {
  const { attempts } = mailbox;
  const { retry } = policyOf(shard, mailbox.type.name);
  if (attempts === null || attempts.losses < lossesMax || retry.attemptsMax === 0) return false;
  giveUp(shard, mailbox, retry, lost(attempts));
  return true;
}

function lost({ losses }: Attempts): GivenUp {
  const message = `the stream was lost ${losses} times with the message in flight`;
  return { code: "streamLost", message };
}

/** Puts mailboxes whose wait is over back in line. */
export function retryDue(shard: Shard): void {
  for (;;) {
    const next = shard.retries.peek();
    if (next === undefined || next.dueMs > shard.nowMs) return;
    shard.retries.pop();
    const { mailbox } = next;
    if (mailbox.state !== "backingOff" || mailbox.attempts?.retryAtMs !== next.dueMs) continue;
    place(mailbox);
  }
}

/** Nothing more is tried with the first message: by the policy, its address waits or goes on. */
function giveUp(shard: Shard, mailbox: Mailbox, retry: RetryPolicy, failure: GivenUp): void {
  countFailure(mailbox, failure.code);
  if (retry.deadLetterEgress === null) park(shard, mailbox, failure);
  else dropToEgress(shard, mailbox, retry.deadLetterEgress, failure);
}

function dropToEgress(shard: Shard, mailbox: Mailbox, egress: string, failure: GivenUp): void {
  const attempts = noteAttempt(shard, mailbox);
  forgetAttempts(shard, mailbox);
  const message = consume(shard, mailbox);
  if (message === undefined) return;
  const { code, message: text } = failure;
  emit(shard, mailbox, egress, encodeDeadLetter(message, failure, attempts));
  mailbox.type.counters.deadLetters++;
  answerGone(shard, message, { code, message: text });
  const tried = countAttempts(attempts);
  reportIncident(shard, mailbox, {
    kind: "dropped",
    code,
    message: text,
    attempts: tried,
    delayMs: 0,
  });
  refillMailbox(shard, mailbox);
  proceed(shard, mailbox);
}

function backOff(shard: Shard, mailbox: Mailbox, failure: GivenUp, delayMs: number): void {
  const attempts = noteAttempt(shard, mailbox);
  attempts.retryAtMs = shard.nowMs + delayMs;
  attempts.lastFailure = failure;
  storeAttempts(shard, mailbox, attempts);
  reportFailed(shard, mailbox, failure, delayMs);
  waitForRetry(shard, mailbox, attempts);
}

/** An attempt that another one will follow. */
function reportFailed(
  shard: Shard,
  mailbox: Mailbox,
  { code, message }: GivenUp,
  delayMs: number,
): void {
  countFailure(mailbox, code);
  const attempts = countAttempts(mailbox.attempts);
  reportIncident(shard, mailbox, { kind: "failed", code, message, attempts, delayMs });
}

function countFailure(mailbox: Mailbox, code: FailureCode): void {
  const { failures } = mailbox.type.counters;
  failures.set(code, (failures.get(code) ?? 0) + 1);
}

/** Exponential, capped, varied by a hash instead of chance so that a run can be repeated. */
function backoffMs(retry: RetryPolicy, mailbox: Mailbox, exponent: number): number {
  // Bounded, because 0 times infinity is no number.
  const growth = Math.min(retry.factor ** Math.max(0, exponent), Number.MAX_VALUE);
  const grown = retry.initialBackoffMs * growth;
  const capped = Math.min(grown, retry.backoffMsMax);
  const sequence = mailbox.front(0)?.sequence ?? 0;
  const share = mix(sequence >>> 0, exponent + 1) / 0x1_0000_0000;
  return Math.round(capped * (1 - retry.jitter * share));
}
