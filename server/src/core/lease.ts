import type { Binding } from "./binding.js";
import type { Mailbox } from "./mailbox.js";
import type { Session } from "./session.js";

/** So many addresses get a lease at once: where few are in use, each is likely to return. */
const freeLeases = 1024;
/** Or this share of what the server keeps. */
const freeShare = 1 / 8;
/** A lease gives way when it was not used for so many invocations, for each address that is kept. */
const staleInvocations = 16;

/** Whether an invocation through the binding can leave a lease. */
export function canLease({ session, eager }: Pick<Binding, "session" | "eager">): boolean {
  // Without eager state there is nothing to keep.
  return session.leasesMax > 0 && eager.length > 0;
}

/**
 * Whether the server is to keep the state that the invocation about to be sent leaves. As soon as many
 * addresses have leases, a new one gets none before it is seen for the second time; when all places are
 * taken, none before a lease has long not been used. Else those that come once would drive out those
 * that return; and where many return in turn, each would lose its place before it is there again.
 */
export function wantsLease(binding: Pick<Binding, "session" | "eager">, mailbox: Mailbox): boolean {
  if (!canLease(binding)) return false;
  const { leases, leasesMax, sightings, nextInvocation } = binding.session;
  if (mailbox.leaseSession === binding.session) return true;
  if (leases.length < Math.max(freeLeases, leasesMax * freeShare)) return true;
  if (!sightings.note(mailbox.type.index, mailbox.id)) return false;
  if (leases.length < leasesMax || leases.oldest === null) return true;
  return nextInvocation - leases.oldest.lease > staleInvocations * leasesMax;
}

/**
 * Notes that the server now keeps the address's state as of the invocation. The least recent leases
 * make room. [LEASE-2]
 */
export function grantLease(
  binding: Pick<Binding, "session" | "eager">,
  mailbox: Mailbox,
  expiresAtMs: number,
): void {
  const { session } = binding;
  if (!mailbox.leaseWanted) {
    // Another server may hold an older version, which must not be named when the address returns.
    revokeLease(mailbox);
    return;
  }
  mailbox.lease = mailbox.invocation;
  mailbox.leaseExpiresAtMs = expiresAtMs;
  if (mailbox.leaseSession === session) {
    session.leases.touch(mailbox);
    return;
  }
  mailbox.leaseSession?.leases.remove(mailbox);
  mailbox.leaseSession = session;
  session.leases.append(mailbox);
  trimLeases(session, session.leasesMax);
}

/** Leaves the most recent leases of a session. The others are given anew with the next results. */
export function trimLeases(session: Session, max: number): void {
  while (session.leases.length > max) forgetOldest(session);
}

/**
 * Whether an invocation on this session may name the lease instead of sending state. Never when a
 * state may have expired: an expired value must not be seen.
 */
export function leaseHolds(session: Session, mailbox: Mailbox, nowMs: number): boolean {
  if (mailbox.lease === 0 || mailbox.leaseSession !== session) return false;
  return mailbox.leaseExpiresAtMs === 0 || nowMs < mailbox.leaseExpiresAtMs;
}

/** The server's copy must not be used again: its state may differ from ours. */
export function revokeLease(mailbox: Mailbox): void {
  mailbox.lease = 0;
}

/** The stream is gone, and with it everything its server kept. */
export function dropLeases(session: Session): void {
  trimLeases(session, 0);
}

function forgetOldest(session: Session): void {
  const mailbox = session.leases.oldest;
  if (mailbox === null) return;
  session.leases.remove(mailbox);
  mailbox.lease = 0;
  mailbox.leaseSession = null;
  if (mailbox.state === "idle") mailbox.type.mailboxes.delete(mailbox.id);
}
