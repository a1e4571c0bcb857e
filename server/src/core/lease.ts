import type { Binding } from "./binding.js";
import type { Mailbox } from "./mailbox.js";
import type { Session } from "./session.js";

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
  if (session.leasesMax === 0 || binding.eager.length === 0) {
    // Without eager state there is nothing to name. Another server may hold an older version, which
    // must not be named when the address returns.
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
  while (session.leases.length > session.leasesMax) forgetOldest(session);
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
  while (session.leases.length > 0) forgetOldest(session);
}

function forgetOldest(session: Session): void {
  const mailbox = session.leases.oldest;
  if (mailbox === null) return;
  session.leases.remove(mailbox);
  mailbox.lease = 0;
  mailbox.leaseSession = null;
  if (mailbox.state === "idle") mailbox.type.mailboxes.delete(mailbox.id);
}
