import assert from "node:assert/strict";
import type { Binding } from "../../src/core/binding.js";
import type { Machine } from "../../src/core/machine.js";
import type { Mailbox } from "../../src/core/mailbox.js";
import { type Message, payloadBytes } from "../../src/core/message.js";
import { hasRoom, readyCount } from "../../src/core/placement.js";
import { isSuspect } from "../../src/core/quarantine.js";
import type { Session } from "../../src/core/session.js";
import type { Shard } from "../../src/core/shard.js";

/**
 * Fails when the core breaks a rule that its own files state: what mailbox.ts, binding.ts,
 * session.ts and outbox.ts call INVARIANT, and that the counters equal what they count.
 */
export function assertInvariants({ shard }: Machine): void {
  const mailboxes = [...shard.types.values()].flatMap((type) => [...type.mailboxes.values()]);
  for (const mailbox of mailboxes) assertMailbox(mailbox);
  for (const session of shard.sessions.values()) assertSession(session);
  assertCounters(shard);
  const front = mailboxes.flatMap(messagesInFront);
  assert.ok(shard.backlogMessages >= front.length, "backlogMessages counts what is in memory");
  assert.ok(shard.backlogBytes >= sum(front.map(payloadBytes)), "backlogBytes counts the same");
  if (mailboxes.every(({ spilled }) => spilled === 0)) {
    assert.equal(shard.backlogMessages, front.length, "backlogMessages");
    assert.equal(shard.backlogBytes, sum(front.map(payloadBytes)), "backlogBytes");
  }
  for (const outbox of shard.outboxes.values()) {
    const { acknowledged, delivered, durable, last, egress } = outbox;
    const chain = [acknowledged, delivered, durable, last];
    assert.deepEqual(
      chain,
      chain.toSorted((a, b) => a - b),
      `positions of ${egress}`,
    );
    assert.equal(outbox.queue.length, last - acknowledged, `records of ${egress}`);
  }
}

function assertMailbox(mailbox: Mailbox): void {
  const { type, id, state, binding, invocation, batch } = mailbox;
  const name = `${type.name}/${id}, ${state}`;
  assert.equal(state === "idle", mailbox.length === 0, `${name}: ${mailbox.length} messages`);
  if (state === "idle") assert.ok(mailbox.leaseSession, `${name}: kept without a lease`);
  const placed = state === "ready" || state === "inFlight";
  assert.equal(binding !== null, placed, `${name}: bound`);
  const isUnplaced = type.unplaced.has(mailbox);
  if (state !== "parked") assert.equal(isUnplaced, state === "unplaced", `${name}: in unplaced`);
  else if (isUnplaced)
    assert.equal(type.bindings.length, 0, `${name}: parked for want of a server`);
  const inFlight = binding?.session.inFlight.get(invocation) === mailbox;
  assert.equal(inFlight, state === "inFlight", `${name}: in flight as ${invocation}`);
  if (inFlight) assert.ok(mailbox.inMemoryFront >= batch, `${name}: batch of ${batch} in memory`);
  if (mailbox.length > 0) assert.ok(mailbox.inMemoryFront > 0, `${name}: no message in memory`);
  const sequences = messagesInFront(mailbox).map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b),
    `${name}: order`,
  );
  if (mailbox.lease !== 0) assert.ok(mailbox.leaseSession, `${name}: lease of no session`);
}

function assertSession(session: Session): void {
  const name = `session ${session.id}`;
  const inFlight = [...session.inFlight.values()];
  assert.equal(session.bytesInFlight, sum(inFlight.map(({ bytes }) => bytes)), `${name}: bytes`);
  for (const load of session.loads) {
    const ofEntry = inFlight.filter(({ binding }) => binding?.load === load).length;
    assert.equal(load.inFlight, ofEntry, `${name}: in flight of an entry`);
    if (load.inFlightMax > 0) assert.ok(load.inFlight <= load.inFlightMax, `${name}: entry limit`);
  }
  for (const binding of session.bindings.values()) assertBinding(binding);
  const held = [...session.leases];
  assert.equal(held.length, session.leases.length, `${name}: length of the list of leases`);
  assert.ok(held.length <= session.leasesMax, `${name}: ${held.length} leases`);
  for (const mailbox of held)
    assert.equal(mailbox.leaseSession, session, `${name}: lease of another`);
}

function assertBinding(binding: Binding): void {
  const { session, type } = binding;
  const name = `${type.name} on session ${session.id}`;
  const ready = Array.from({ length: binding.ready.length }, (_, at) => binding.ready.at(at));
  assert.equal(new Set(ready).size, ready.length, `${name}: a mailbox is ready twice`);
  const all = [...type.mailboxes.values()];
  const bound = all.filter((mailbox) => mailbox.state === "ready" && mailbox.binding === binding);
  const { waiting } = session.quarantine;
  const suspects = Array.from({ length: waiting.length }, (_, at) => waiting.at(at));
  const inLineOf = new Set([...ready, ...suspects.filter((one) => one?.binding === binding)]);
  assert.deepEqual(new Set(bound), inLineOf, `${name}: ready mailboxes`);
  assert.ok(!ready.some((one) => one !== undefined && isSuspect(one)), `${name}: a ready suspect`);
  const inLine = session.runnable.filter((other) => other === binding).length;
  assert.equal(inLine, binding.runnable ? 1 : 0, `${name}: in the line of the session`);
  if (readyCount(binding) > 0 && hasRoom(binding)) assert.ok(binding.runnable, `${name}: runnable`);
}

function assertCounters(shard: Shard): void {
  for (const { name, mailboxes, counters } of shard.types.values()) {
    const all = [...mailboxes.values()];
    const inState = (state: string) => all.filter((mailbox) => mailbox.state === state).length;
    assert.equal(counters.waiting, sum(all.map(({ length }) => length)), `${name}: waiting`);
    assert.equal(counters.inFlight, inState("inFlight"), `${name}: in flight`);
    assert.equal(counters.parked, inState("parked"), `${name}: parked`);
  }
}

function messagesInFront(mailbox: Mailbox): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < mailbox.inMemoryFront; at++) {
    const message = mailbox.front(at);
    if (message !== undefined) messages.push(message);
  }
  return messages;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
