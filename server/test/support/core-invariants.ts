import assert from "node:assert/strict";
import type { Binding } from "../../src/core/binding.js";
import type { FunctionType } from "../../src/core/function-type.js";
import type { Machine } from "../../src/core/machine.js";
import type { Mailbox } from "../../src/core/mailbox.js";
import { payloadBytes } from "../../src/core/message.js";
import type { Outbox } from "../../src/core/outbox.js";
import { hasRoom, readyCount } from "../../src/core/placement.js";
import { isSuspect } from "../../src/core/quarantine.js";
import type { Session } from "../../src/core/session.js";
import type { Shard } from "../../src/core/shard.js";

/** What is in memory of the mailboxes. */
interface InMemory {
  messages: number;
  bytes: number;
  spilled: number;
}

/**
 * Fails when the core breaks a rule that its own files state: what mailbox.ts, binding.ts,
 * session.ts and outbox.ts call INVARIANT, and that the counters equal what they count.
 *
 * Called after every step of a simulation: so nothing is made here that is not needed.
 */
export function assertInvariants({ shard }: Machine): void {
  const inMemory = { messages: 0, bytes: 0, spilled: 0 };
  const inFlight = new Map<Session, Mailbox[]>();
  const byType = new Map<FunctionType, readonly Mailbox[]>();
  for (const type of shard.types.values()) {
    const mailboxes = [...type.mailboxes.values()];
    byType.set(type, mailboxes);
    for (const mailbox of mailboxes) {
      assertMailbox(mailbox);
      countFront(mailbox, inMemory);
      if (mailbox.state !== "inFlight" || mailbox.binding === null) continue;
      const { session } = mailbox.binding;
      const ofSession = inFlight.get(session);
      if (ofSession === undefined) inFlight.set(session, [mailbox]);
      else ofSession.push(mailbox);
    }
  }
  for (const session of shard.sessions.values()) {
    assertSession(session, inFlight.get(session) ?? []);
    for (const binding of session.bindings.values()) {
      assertBinding(binding, byType.get(binding.type) ?? []);
    }
  }
  for (const [type, mailboxes] of byType) assertCounters(shard, type, mailboxes);
  assertBacklog(shard, inMemory);
  let records = 0;
  for (const outbox of shard.outboxes.values()) {
    assertOutbox(outbox);
    records += outbox.queue.length - outbox.queue.spilled;
  }
  check(shard.outboxRecords === records, () => `${shard.outboxRecords} records, not ${records}`);
}

/** Fails with the message, which is made only then. */
function check(condition: boolean, message: () => string): void {
  if (!condition) assert.fail(message());
}

function assertBacklog(shard: Shard, inMemory: InMemory): void {
  const { backlogMessages, backlogBytes } = shard;
  const { messages, bytes, spilled } = inMemory;
  const text = () => `backlog of ${backlogMessages} messages, ${backlogBytes} bytes`;
  if (spilled === 0) check(backlogMessages === messages && backlogBytes === bytes, text);
  else check(backlogMessages >= messages && backlogBytes >= bytes, text);
}

function assertOutbox({ egress, acknowledged, delivered, durable, last, queue }: Outbox): void {
  const isOrdered = acknowledged <= delivered && delivered <= durable && durable <= last;
  check(isOrdered, () => `${egress}: ${acknowledged} <= ${delivered} <= ${durable} <= ${last}`);
  check(queue.length === last - acknowledged, () => `${egress}: ${queue.length} records`);
}

function assertMailbox(mailbox: Mailbox): void {
  const { type, id, state, binding, invocation, batch } = mailbox;
  const say = (what: string) => `${type.name}/${id}, ${state}: ${what}`;
  const { length } = mailbox;
  check((state === "idle") === (length === 0), () => say(`${length} messages`));
  if (state === "idle") check(mailbox.leaseSession !== null, () => say("kept without a lease"));
  const placed = state === "ready" || state === "inFlight";
  check((binding !== null) === placed, () => say("bound"));
  const isUnplaced = type.unplaced.has(mailbox);
  if (state !== "parked") check(isUnplaced === (state === "unplaced"), () => say("in unplaced"));
  else if (isUnplaced) check(type.bindings.length === 0, () => say("parked for want of a server"));
  const inFlight = binding?.session.inFlight.get(invocation) === mailbox;
  check(inFlight === (state === "inFlight"), () => say(`in flight as ${invocation}`));
  if (inFlight) check(mailbox.inMemoryFront >= batch, () => say(`batch of ${batch} in memory`));
  if (length > 0) check(mailbox.inMemoryFront > 0, () => say("no message in memory"));
  if (mailbox.lease !== 0) check(mailbox.leaseSession !== null, () => say("lease of no session"));
}

function countFront(mailbox: Mailbox, inMemory: InMemory): void {
  inMemory.spilled += mailbox.spilled;
  let before = 0;
  for (let at = 0; at < mailbox.inMemoryFront; at++) {
    const message = mailbox.front(at);
    if (message === undefined) continue;
    const { sequence } = message;
    check(sequence > before, () => `${mailbox.type.name}/${mailbox.id}: ${before}, ${sequence}`);
    before = sequence;
    inMemory.messages++;
    inMemory.bytes += payloadBytes(message);
  }
}

function assertSession(session: Session, inFlight: readonly Mailbox[]): void {
  const say = (what: string) => `session ${session.id}: ${what}`;
  check(session.inFlight.size === inFlight.length, () => say(`${session.inFlight.size} in flight`));
  let bytes = 0;
  for (const mailbox of inFlight) bytes += mailbox.bytes;
  check(session.bytesInFlight === bytes, () => say(`${session.bytesInFlight} bytes in flight`));
  for (const load of session.loads) {
    let ofEntry = 0;
    for (const { binding } of inFlight) if (binding?.load === load) ofEntry++;
    check(load.inFlight === ofEntry, () => say("in flight of an entry"));
    if (load.inFlightMax > 0) check(load.inFlight <= load.inFlightMax, () => say("entry limit"));
  }
  let held = 0;
  for (const mailbox of session.leases) {
    held++;
    check(mailbox.leaseSession === session, () => say(`lease of another, ${mailbox.id}`));
  }
  check(held === session.leases.length, () => say("length of the list of leases"));
  check(held <= session.leasesMax, () => say(`${held} leases`));
}

function assertBinding(binding: Binding, ofType: readonly Mailbox[]): void {
  const { session, type, ready } = binding;
  const say = (what: string) => `${type.name} on session ${session.id}: ${what}`;
  const inReady = new Set<Mailbox>();
  for (let at = 0; at < ready.length; at++) {
    const mailbox = ready.at(at);
    if (mailbox === undefined) continue;
    const isReady = mailbox.state === "ready" && mailbox.binding === binding;
    check(isReady && !inReady.has(mailbox), () => say(`${mailbox.id} in line, ${mailbox.state}`));
    check(!isSuspect(mailbox), () => say(`${mailbox.id} in line, a suspect`));
    inReady.add(mailbox);
  }
  const { waiting } = session.quarantine;
  for (let at = 0; at < waiting.length; at++) {
    const mailbox = waiting.at(at);
    if (mailbox?.binding === binding) inReady.add(mailbox);
  }
  let bound = 0;
  for (const mailbox of ofType) {
    if (mailbox.state === "ready" && mailbox.binding === binding) bound++;
  }
  check(bound === inReady.size, () => say(`${inReady.size} of ${bound} ready mailboxes in line`));
  let inLine = 0;
  for (const other of session.runnable) if (other === binding) inLine++;
  check(inLine === (binding.runnable ? 1 : 0), () => say("in the line of the session"));
  if (readyCount(binding) > 0 && hasRoom(binding)) check(binding.runnable, () => say("runnable"));
}

function assertCounters(shard: Shard, type: FunctionType, mailboxes: readonly Mailbox[]): void {
  const { name, counters } = type;
  let waiting = 0;
  let inFlight = 0;
  let parked = 0;
  let recalled = 0;
  for (const { length, state, isRecalled } of mailboxes) {
    waiting += length;
    if (state === "inFlight") inFlight++;
    if (state === "parked") parked++;
    if (isRecalled) recalled++;
  }
  const isRight = counters.inFlight === inFlight && isCounted(type, waiting, parked);
  check(isRight, () => {
    const is = [counters.waiting, counters.inFlight, counters.parked];
    return `${name}: counters ${is}, not ${[waiting, inFlight, parked]}`;
  });
  assertCold(shard, type, recalled);
}

/** A cold mailbox has a message at least; nobody here knows how many. */
function isCounted({ counters, cold }: FunctionType, waiting: number, parked: number): boolean {
  if (cold.count === 0) return counters.waiting === waiting && counters.parked === parked;
  return counters.waiting >= waiting + cold.count && counters.parked >= parked + cold.parked;
}

function assertCold({ coldTypes }: Shard, type: FunctionType, recalled: number): void {
  const { name, cold } = type;
  const say = (what: string) => `${name}: ${what}`;
  check(coldTypes.has(type) === cold.count > 0, () => say(`${cold.count} cold, in coldTypes`));
  check(cold.parked >= 0 && cold.parked <= cold.count, () => say(`${cold.parked} cold parked`));
  check(cold.recalled === recalled, () => say(`${cold.recalled} recalled, not ${recalled}`));
  check(cold.long.size <= cold.count, () => say(`${cold.long.size} long ones`));
}
