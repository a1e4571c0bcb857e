import { answer } from "./answer.js";
import { assert } from "./assert.js";
import { breakProtocol } from "./attach.js";
import { forgetAttempts } from "./attempts.js";
import type { Binding } from "./binding.js";
import { internType } from "./catalog.js";
import type { Fault, InvocationFailure, InvocationResult, OutgoingMessage } from "./command.js";
import { failHead, retrySmaller } from "./failure.js";
import { endInvocation } from "./invocation.js";
import { grantLease } from "./lease.js";
import type { Mailbox } from "./mailbox.js";
import { proceed } from "./placement.js";
import { emit } from "./release.js";
import { findProtocolFault, findRefusal } from "./result-rules.js";
import type { NewMessage } from "./router.js";
import { consume, deliver } from "./router.js";
import { cancel, schedule } from "./schedule.js";
import type { Session } from "./session.js";
import type { Shard } from "./shard.js";
import { refillMailbox } from "./spill.js";
import { refreshExpiry, writeState } from "./state.js";

/** Applies the results of one frame, in order. */
export function applyResults(
  shard: Shard,
  session: Session,
  results: readonly InvocationResult[],
): void {
  readAhead(shard, session, results);
  for (const result of results) applyResult(shard, session, result);
}

/**
 * Reads every mailbox that the results are for, and the row that it has written last, before anything
 * is done with the first. Among many addresses most are not in the processor's cache: read like this
 * they are fetched several at a time, and not one by one when each has its turn.
 */
function readAhead(
  { overlay }: Shard,
  { inFlight }: Session,
  results: readonly InvocationResult[],
): void {
  let read = 0;
  for (const { invocation } of results) {
    const mailbox = inFlight.get(invocation);
    if (mailbox === undefined) continue;
    read += mailbox.leasePlace + overlay.touch(mailbox.lastRow);
  }
  // The engine leaves out what nobody asks for.
  assert(read >= 0, `places and epochs that add up to ${read}`);
}

/**
 * Applies one result, whole or not at all, once, and only if its invocation is still the one in
 * flight. In the order of StateFun: messages, delayed messages, egress records, state.
 */
function applyResult(shard: Shard, session: Session, result: InvocationResult): void {
  const mailbox = session.inFlight.get(result.invocation);
  const binding = mailbox?.binding ?? null;
  if (mailbox === undefined || binding === null) return;
  const fault = findProtocolFault(binding, mailbox, result);
  if (fault !== null) {
    breakProtocol(shard, session, mailbox, fault);
    return;
  }
  endInvocation(shard, mailbox);
  const refusal = findRefusal(shard, binding, mailbox, result);
  if (refusal !== null) {
    refuse(shard, mailbox, refusal);
    return;
  }
  const { failure } = result;
  const completed = failure === null ? mailbox.batch : failure.completedInputs;
  let expiresAtMs = 0;
  if (completed > 0) {
    applyEffects(shard, mailbox, binding, result);
    consumeInputs(shard, mailbox, completed, result);
    if (mailbox.attempts !== null) forgetAttempts(shard, mailbox);
    growBatch(shard, mailbox);
    refillMailbox(shard, mailbox);
    expiresAtMs = refreshExpiry(shard, binding, mailbox);
  }
  if (failure !== null) {
    if (failure.isOfBatch === true) failBatch(shard, mailbox, failure);
    else failHead(shard, mailbox, failure);
    return;
  }
  grantLease(binding, mailbox, expiresAtMs);
  proceed(shard, mailbox);
}

/** A lowered limit is lifted step by step. */
function growBatch(shard: Shard, mailbox: Mailbox): void {
  if (mailbox.batchLimit === 0) return;
  const grown = 2 * mailbox.batchLimit;
  mailbox.batchLimit = grown < shard.options.limits.batchMessagesMax ? grown : 0;
}

/** The first input is not to blame before it has failed alone. */
function failBatch(shard: Shard, mailbox: Mailbox, failure: InvocationFailure): void {
  if (mailbox.batch > 1) retrySmaller(shard, mailbox, { failure, batchLimit: 1 });
  else failHead(shard, mailbox, failure);
}

/** Nothing of the result counts. The fault may be a later input's: the first one goes alone. */
function refuse(shard: Shard, mailbox: Mailbox, refusal: Fault): void {
  failBatch(shard, mailbox, {
    code: "badResult",
    message: `[${refusal.clause}] ${refusal.message}`,
    retryable: false,
    retryAfterMs: 0,
    completedInputs: 0,
  });
}

function applyEffects(
  shard: Shard,
  mailbox: Mailbox,
  binding: Binding,
  result: InvocationResult,
): void {
  const { type, id } = mailbox;
  for (const send of result.sends) deliver(shard, outgoing(shard, mailbox, send), "", 0);
  type.counters.messagesToFunctions += result.sends.length;
  for (const change of result.timerChanges) {
    if (change.kind === "cancel") {
      cancel(shard, id, change.token);
      continue;
    }
    schedule(shard, outgoing(shard, mailbox, change.message), change);
    type.counters.messagesToFunctions++;
  }
  for (const record of result.egressRecords) emit(shard, mailbox, record.egress, record.value);
  type.counters.messagesToEgress += result.egressRecords.length;
  for (const change of result.stateChanges) {
    writeState(shard, binding, mailbox, change);
  }
}

function outgoing(shard: Shard, mailbox: Mailbox, send: OutgoingMessage): NewMessage {
  return {
    type: internType(shard, send.typeName),
    id: send.id,
    callerType: mailbox.type,
    callerId: mailbox.id,
    typename: send.message.typename,
    value: send.message.value,
    traceparent: send.traceparent,
  };
}

function consumeInputs(
  shard: Shard,
  mailbox: Mailbox,
  count: number,
  result: InvocationResult,
): void {
  for (let input = 0; input < count; input++) {
    const message = consume(shard, mailbox);
    if (message === undefined || (message.request === 0 && message.key === "")) continue;
    answer(shard, message, result.replies.find((reply) => reply.input === input)?.value ?? null);
  }
}
