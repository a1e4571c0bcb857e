import { bindSession, findTableFault, unbindSession } from "./catalog.js";
import type {
  Fault,
  InvocationFailure,
  SessionAttachedCommand,
  StateRequestedCommand,
} from "./command.js";
import { failHead } from "./failure.js";
import { endInvocation } from "./invocation.js";
import { dropLeases, revokeLease } from "./lease.js";
import type { Mailbox } from "./mailbox.js";
import { place, takeAllReady } from "./placement.js";
import { Session } from "./session.js";
import type { Shard } from "./shard.js";
import { readState } from "./state.js";

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
 * The stream is gone. Its invocations wait again, in their old order, and go to another server at
 * once: the loss of a stream says nothing about the messages.
 */
export function detach(shard: Shard, session: Session): void {
  shard.sessions.delete(session.id);
  session.draining = true;
  session.drained = true;
  releaseReady(session);
  for (const mailbox of session.inFlight.values()) {
    endInvocation(shard, mailbox);
    revokeLease(mailbox);
    place(mailbox);
  }
  dropLeases(session);
}

/** The server broke the protocol: its stream ends, and its invocations go elsewhere. [ERROR-1] */
export function closeSession(shard: Shard, session: Session, fault: Fault): void {
  shard.effects.closedSessions.push({ session: session.id, ...fault });
  detach(shard, session);
}

/** Invocations that have had their time fail; a result that comes later is ignored. */
export function expireInvocations(shard: Shard): void {
  for (const session of shard.sessions.values()) {
    const late: Mailbox[] = [];
    for (const mailbox of session.inFlight.values()) {
      if (mailbox.deadlineMs <= shard.nowMs) late.push(mailbox);
    }
    for (const mailbox of late) {
      endInvocation(shard, mailbox);
      // The batch may be more than its time allows: the same one again could never end.
      if (mailbox.batch > 1) mailbox.batchLimit = mailbox.batch >> 1;
      failHead(shard, mailbox, timedOut(shard, mailbox));
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
    closeSession(shard, session, { clause: "STATE-4", message });
    return;
  }
  if (command.leaseMissing) {
    if (!mailbox.leaseNamed) {
      const message = "a lease is said to be missing that the invocation did not name, or twice";
      closeSession(shard, session, { clause: "LEASE-11", message });
      return;
    }
    mailbox.leaseNamed = false;
    revokeLease(mailbox);
  }
  session.stateReplies.push({
    invocation: command.invocation,
    states: indexes.map((state) => ({
      state,
      value: readState(shard, binding, state, mailbox.id, mailbox.dispatchedAtMs),
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
}

function timedOut(shard: Shard, mailbox: Mailbox): InvocationFailure {
  const waitedMs = shard.nowMs - mailbox.dispatchedAtMs;
  return {
    code: "timeout",
    message: `no result after ${waitedMs} ms`,
    retryable: true,
    retryAfterMs: 0,
    completedInputs: 0,
  };
}
