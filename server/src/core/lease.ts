import type { Mailbox } from "./mailbox.js";
import type { Session } from "./session.js";

/** Notes that the server now keeps the address's state as of the invocation. [LEASE-2] */
export function grantLease(session: Session, mailbox: Mailbox, expiresAtMs: number): void {
  if (session.leasesMax === 0) {
    // Another server may hold an older version, which must not be named when the address returns.
    revokeLease(mailbox);
    return;
  }
  mailbox.lease = mailbox.invocation;
  mailbox.leaseExpiresAtMs = expiresAtMs;
  mailbox.leaseUsed = true;
  if (mailbox.leaseSession === session) return;
  mailbox.leaseSession = session;
  session.leases.push(mailbox);
  while (session.leases.length - session.leasesAt > session.leasesMax) evictOldest(session);
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
  for (let at = session.leasesAt; at < session.leases.length; at++) {
    const mailbox = session.leases[at];
    if (mailbox !== undefined) forget(session, mailbox);
  }
  session.leases = [];
  session.leasesAt = 0;
}

/** Second chance: a lease used since it was last looked at goes to the end of the line. */
function evictOldest(session: Session): void {
  for (;;) {
    const oldest = session.leases[session.leasesAt++];
    compact(session);
    if (oldest === undefined) return;
    if (oldest.leaseUsed && oldest.lease !== 0) {
      oldest.leaseUsed = false;
      session.leases.push(oldest);
      continue;
    }
    forget(session, oldest);
    return;
  }
}

/** The address may have moved to another session since: then its lease there stands. */
function forget(session: Session, mailbox: Mailbox): void {
  if (mailbox.leaseSession !== session) return;
  mailbox.lease = 0;
  mailbox.leaseSession = null;
  if (mailbox.state === "idle") mailbox.type.mailboxes.delete(mailbox.id);
}

function compact(session: Session): void {
  if (session.leasesAt < 4096 || session.leasesAt * 2 < session.leases.length) return;
  session.leases = session.leases.slice(session.leasesAt);
  session.leasesAt = 0;
}
