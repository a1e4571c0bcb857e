import type { Binding } from "./binding.js";
import type { Invocation } from "./effect.js";
import { giveUpLost } from "./failure.js";
import { dispatchedAtMs } from "./flights.js";
import { canLease, leaseHolds, wantsLease } from "./lease.js";
import type { Mailbox } from "./mailbox.js";
import type { Message } from "./message.js";
import { frameBytes, payloadBytes } from "./message.js";
import { hasRoom, readyCount, takeReady, wakeEntry } from "./placement.js";
import { announceSuspects, isAnnounced } from "./quarantine.js";
import type { Session } from "./session.js";
import type { Shard } from "./shard.js";
import { refillMailbox } from "./spill.js";
import { readState } from "./state.js";

const noStates: readonly (Uint8Array | null)[] = [];

/** Makes invocations while the session has room, one of each binding in turn. */
export function pump(shard: Shard, session: Session): void {
  if (session.quarantine.waiting.length > 0) pumpSuspects(shard, session);
  if (session.runnable.length === 0) return;
  let at = 0;
  while (at < session.runnable.length && session.hasRoom) {
    const binding = session.runnable[at++] as Binding;
    const mailbox = hasRoom(binding) ? takeReady(binding) : undefined;
    if (mailbox !== undefined) session.invocations.push(createInvocation(shard, mailbox, binding));
    if (readyCount(binding) > 0 && hasRoom(binding)) session.runnable.push(binding);
    else binding.runnable = false;
  }
  session.runnable = at === session.runnable.length ? [] : session.runnable.slice(at);
}

/** Suspects come first: few of them may go at a time. */
function pumpSuspects(shard: Shard, session: Session): void {
  const { quarantine } = session;
  const { suspectRestored } = shard.options;
  if (suspectRestored) {
    giveUpLostSuspects(shard, session);
    announceSuspects(shard, session);
  }
  while (session.hasRoom) {
    const mailbox = quarantine.next;
    if (mailbox === undefined || mailbox.binding === null || !hasRoom(mailbox.binding)) return;
    if (suspectRestored && !isAnnounced(shard, mailbox)) return;
    quarantine.enter();
    session.invocations.push(createInvocation(shard, mailbox, mailbox.binding));
  }
}

/** What has been in flight at too many deaths of the node is given up when it would go again. */
function giveUpLostSuspects(shard: Shard, { quarantine }: Session): void {
  for (let mailbox = quarantine.next; mailbox !== undefined; mailbox = quarantine.next) {
    if (!giveUpLost(shard, mailbox)) return;
    quarantine.waiting.take();
  }
}

/** Sends the front of a ready mailbox: the only place where an invocation comes to be in flight. */
function createInvocation(shard: Shard, mailbox: Mailbox, binding: Binding): Invocation {
  const { session } = binding;
  if (mailbox.spilled > 0) refillMailbox(shard, mailbox);
  if (mailbox.isRecalled) endRecall(mailbox);
  const messages = takeBatch(shard, mailbox, binding);
  const leased = leaseHolds(session, mailbox, shard.nowMs);
  const states = leased ? noStates : eagerStates(shard, mailbox, binding);
  const invocation = session.nextInvocation++;
  mailbox.state = "inFlight";
  mailbox.invocation = invocation;
  mailbox.batch = messages.length;
  mailbox.bytes = sumBytes(messages, states);
  mailbox.dispatchedAfterMs = shard.nowMs - shard.startedAtMs;
  mailbox.leaseNamed = leased;
  mailbox.leaseWanted = wantsLease(binding, mailbox);
  session.inFlight.add(mailbox);
  session.bytesInFlight += mailbox.bytes;
  binding.load.inFlight++;
  mailbox.type.counters.inFlight++;
  mailbox.type.counters.invocations++;
  return {
    invocation,
    binding,
    id: mailbox.id,
    messages,
    states,
    lease: leased ? mailbox.lease : 0,
    attempt: mailbox.attempts === null ? 0 : mailbox.attempts.failures,
    noLease: !mailbox.leaseWanted && canLease(binding),
  };
}

/** Takes the invocation out of flight: from now on no result of it counts. */
export function endInvocation(shard: Shard, mailbox: Mailbox): void {
  const { binding } = mailbox;
  if (binding === null) return;
  binding.session.inFlight.remove(mailbox);
  binding.session.bytesInFlight -= mailbox.bytes;
  binding.load.inFlight--;
  if (mailbox.attempts !== null) binding.session.quarantine.leave(mailbox.attempts);
  wakeEntry(binding);
  mailbox.type.counters.inFlight--;
  mailbox.type.latency.observe((shard.nowMs - dispatchedAtMs(shard, mailbox)) / 1000);
}

function endRecall(mailbox: Mailbox): void {
  mailbox.isRecalled = false;
  mailbox.type.cold.recalled--;
}

function takeBatch(shard: Shard, mailbox: Mailbox, binding: Binding): Message[] {
  const { batchMessagesMax, batchBytesMax } = shard.options.limits;
  const limit =
    binding.batchMax === 0 ? batchMessagesMax : Math.min(binding.batchMax, batchMessagesMax);
  const max = mailbox.batchLimit === 0 ? limit : Math.min(mailbox.batchLimit, limit);
  const messages: Message[] = [];
  let bytes = 0;
  while (messages.length < max) {
    const message = mailbox.front(messages.length);
    if (message === undefined) break;
    bytes += frameBytes(message);
    if (messages.length > 0 && bytes > batchBytesMax) break;
    messages.push(message);
  }
  return messages;
}

function eagerStates(
  shard: Shard,
  mailbox: Mailbox,
  binding: Binding,
): readonly (Uint8Array | null)[] {
  if (binding.eager.length === 0) return noStates;
  return binding.eager.map((index) => readState(shard, binding, index, mailbox.id));
}

function sumBytes(messages: readonly Message[], states: readonly (Uint8Array | null)[]): number {
  let bytes = 0;
  for (const message of messages) bytes += payloadBytes(message);
  for (const state of states) bytes += state === null ? 0 : state.length;
  return bytes;
}
