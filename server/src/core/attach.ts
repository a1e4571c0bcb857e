import { countAttempts } from "./attempts.js";
import { bindSession, findTableFault, unbindSession } from "./catalog.js";
import type {
  Fault,
  InvocationFailure,
  SessionAttachedCommand,
  StateRequestedCommand,
} from "./command.js";
import { failHead, loseHead, retrySmaller } from "./failure.js";
import { dispatchedAtMs } from "./flights.js";
import { endInvocation } from "./invocation.js";
import { dropLeases, revokeLease } from "./lease.js";
import type { Mailbox } from "./mailbox.js";
import { parkUnknown } from "./park.js";
import { place, takeAllReady } from "./placement.js";
import { Session } from "./session.js";
import type { Shard } from "./shard.js";
import { readState } from "./state.js";

/** A message whose answers break the protocol is given up sooner than others: each costs a stream. */
const protocolErrorsMax = 3;

/** A function server is ready: its types are served from now on. */
export function attach(shard: Shard, command: SessionAttachedCommand): void {
  const fault = findTableFault(shard, command.functions);
  if (fault !== null) {
    shard.effects.closedSessions.push({ session: command.session, ...fault });
    return;
  }
  const { session: id, functions, window, leasesMax } = command;
  const session = new Session(id, functions, window, leasesMax);
  // Bound first: a type that is interned on the way would else be bound by a wildcard. [TABLE-9]
  bindSession(shard, session);
  shard.sessions.set(id, session);
  shard.effects.attachedSessions.push(id);
  parkUnknown(shard);
}

/** No new invocations to this session; what was in line goes to other servers, or waits. */
export function beginDrain(shard: Shard, session: Session): void {
  if (session.draining) return;
  session.draining = true;
  releaseReady(session);
  endDrainIfIdle(shard, session);
}

/** Tells the stage to close a drained session once nothing is in flight on it. */
export function endDrainIfIdle(shard: Shard, session: Session): void {
  if (!session.draining || session.drained || session.inFlight.size > 0) return;
  session.drained = true;
  shard.effects.drainedSessions.push(session.id);
}

/**
 * The stream is gone. Its invocations wait again, in their old order, and go to another server. The
 * loss counts against them unless it has a reason: the drain of the stream had begun.
 */
export function detach(shard: Shard, session: Session): void {
  const isExpected = session.draining;
  for (const mailbox of end(shard, session)) {
    if (isExpected) again(mailbox);
    else loseHead(shard, mailbox);
  }
}

/**
 * An answer broke the protocol: its stream ends. The others of the stream go elsewhere, and are not to
 * blame. [ERROR-1]
 */
export function breakProtocol(
  shard: Shard,
  session: Session,
  culprit: Mailbox,
  { clause, message }: Fault,
): void {
  shard.effects.closedSessions.push({ session: session.id, clause, message });
  for (const mailbox of end(shard, session)) {
    if (mailbox !== culprit) again(mailbox);
  }
  const failure = {
    code: "protocolError",
    message: `[${clause}] ${message}`,
    retryable: countAttempts(culprit.attempts) < protocolErrorsMax - 1,
    retryAfterMs: 0,
    completedInputs: 0,
  } as const;
  if (culprit.batch > 1) retrySmaller(shard, culprit, { failure, batchLimit: 1 });
  else failHead(shard, culprit, failure);
}

/** Takes a session away. Returns what was in flight on it, in order. */
function end(shard: Shard, session: Session): Mailbox[] {
  shard.sessions.delete(session.id);
  session.draining = true;
  session.drained = true;
  releaseReady(session);
  dropLeases(session);
  const mailboxes = session.inFlight.values();
  for (const mailbox of mailboxes) endInvocation(shard, mailbox);
  return mailboxes;
}

function again(mailbox: Mailbox): void {
  revokeLease(mailbox);
  place(mailbox);
}

/** Invocations that have had their time fail; a result that comes later is ignored. */
export function expireInvocations(shard: Shard): void {
  for (const session of shard.sessions.values()) {
    const late: Mailbox[] = [];
    for (const mailbox of session.inFlight.values()) {
      if (deadlineMs(shard, mailbox) <= shard.nowMs) late.push(mailbox);
    }
    for (const mailbox of late) {
      endInvocation(shard, mailbox);
      const failure = timedOut(shard, mailbox);
      // The batch may be more than its time allows: the same one again could never end.
      const batchLimit = mailbox.batch >> 1;
      if (batchLimit > 0) retrySmaller(shard, mailbox, { failure, batchLimit });
      else failHead(shard, mailbox, failure);
    }
    if (late.length > 0) endDrainIfIdle(shard, session);
  }
}

/**
 * Answers a function that asks for state, as it was when the invocation was sent. A late question is
 * ignored. [LAZY-3] [LAZY-4] [LEASE-3]
 */
export function answerState(shard: Shard, session: Session, command: StateRequestedCommand): void {
  const mailbox = session.inFlight.get(command.invocation);
  const binding = mailbox?.binding ?? null;
  if (mailbox === undefined || binding === null) return;
  const indexes = command.leaseMissing ? binding.eager : command.states;
  const unknown = indexes.find((index) => index >= binding.states.length);
  if (unknown !== undefined) {
    const message = `state index ${unknown} of ${binding.states.length} declared states`;
    breakProtocol(shard, session, mailbox, { clause: "STATE-4", message });
    return;
  }
  if (command.leaseMissing) {
    if (!mailbox.leaseNamed) {
      const message = "a lease is said to be missing that the invocation did not name, or twice";
      breakProtocol(shard, session, mailbox, { clause: "LEASE-11", message });
      return;
    }
    mailbox.leaseNamed = false;
    revokeLease(mailbox);
  }
  const atMs = dispatchedAtMs(shard, mailbox);
  session.stateReplies.push({
    invocation: command.invocation,
    states: indexes.map((state) => ({
      state,
      value: readState(shard, binding, state, mailbox.id, atMs),
    })),
  });
}

function releaseReady(session: Session): void {
  unbindSession(session);
  session.runnable = [];
  for (const binding of session.bindings.values()) {
    binding.runnable = false;
    for (const mailbox of takeAllReady(binding)) place(mailbox);
  }
  for (const mailbox of session.quarantine.waiting.cut(0)) place(mailbox);
}

function deadlineMs(shard: Shard, mailbox: Mailbox): number {
  return dispatchedAtMs(shard, mailbox) + (mailbox.binding?.invocationTimeoutMs ?? 0);
}

function timedOut(shard: Shard, mailbox: Mailbox): InvocationFailure {
  const waitedMs = shard.nowMs - dispatchedAtMs(shard, mailbox);
  return {
    code: "timeout",
    message: `no result after ${waitedMs} ms`,
    retryable: true,
    retryAfterMs: 0,
    completedInputs: 0,
  };
}
