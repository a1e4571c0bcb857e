import type { Binding } from "./binding.js";
import { hashText, mix } from "./hash.js";
import type { Mailbox } from "./mailbox.js";
import { isSuspect } from "./quarantine.js";
import type { Shard } from "./shard.js";

/**
 * Puts a mailbox with messages in line at the server of its type that its address hashes to. The
 * same address goes to the same server while the set of servers stays, so that leases hold; when
 * a server comes or goes, only the addresses that it wins or loses move; and an address whose server
 * could not take its first message goes to another one, until that message is done. Returns false when there is
 * no server: then the mailbox waits for one.
 */
export function place(mailbox: Mailbox): boolean {
  const binding = chooseBinding(mailbox);
  if (binding === undefined) {
    mailbox.state = "unplaced";
    mailbox.binding = null;
    mailbox.type.unplaced.add(mailbox);
    return false;
  }
  mailbox.state = "ready";
  mailbox.binding = binding;
  if (isSuspect(mailbox)) {
    binding.session.quarantine.waiting.push(mailbox);
    return true;
  }
  binding.ready.push(mailbox);
  wake(binding);
  return true;
}

/** The first message is done with: goes on with the next one, or rests. */
export function proceed(shard: Shard, mailbox: Mailbox): void {
  if (mailbox.length > 0) {
    place(mailbox);
    return;
  }
  const { type, id, consumedEpoch } = mailbox;
  if (shard.tracksEmptied && consumedEpoch > shard.foldedEpoch) shard.emptied.add(type, id);
  mailbox.state = "idle";
  mailbox.binding = null;
  if (mailbox.leaseSession === null) type.mailboxes.delete(id);
}

/** Lets a binding run if it has something to run. */
export function wake(binding: Binding): void {
  if (binding.runnable || readyCount(binding) === 0 || !hasRoom(binding)) return;
  binding.runnable = true;
  binding.session.runnable.push(binding);
}

/**
 * An invocation of this binding has ended: its entry may have room again. The other types of the
 * entry come first, in turn: a long line must not keep them waiting for ever.
 */
export function wakeEntry(ended: Binding): void {
  const { inFlightMax, bindings } = ended.load;
  if (inFlightMax === 0) return;
  const first = bindings.indexOf(ended) + 1;
  for (let at = first; at < bindings.length; at++) wake(bindings[at] as Binding);
  for (let at = 0; at < first; at++) wake(bindings[at] as Binding);
}

/** Takes every ready mailbox out of a binding that goes away. */
export function takeAllReady(binding: Binding): Mailbox[] {
  return binding.ready.cut(0);
}

function chooseBinding(mailbox: Mailbox): Binding | undefined {
  const { bindings } = mailbox.type;
  if (bindings.length <= 1) return bindings[0];
  const avoided = mailbox.attempts?.avoided ?? 0;
  const hash = hashText(mailbox.id);
  let best: Binding | undefined;
  let bestScore = -1;
  for (const binding of bindings) {
    if (binding.session.id === avoided) continue;
    const score = mix(hash, binding.session.id);
    if (score > bestScore) {
      best = binding;
      bestScore = score;
    }
  }
  return best;
}

/** Mailboxes in line. */
export function readyCount(binding: Binding): number {
  return binding.ready.length;
}

/** The entry is below its own limit of invocations in flight. */
export function hasRoom({ load }: Binding): boolean {
  return load.inFlightMax === 0 || load.inFlight < load.inFlightMax;
}

/** The mailbox that has been in line longest. */
export function takeReady(binding: Binding): Mailbox | undefined {
  return binding.ready.take();
}
