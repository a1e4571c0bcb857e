import type { MessageCount } from "./store-view.js";

/**
 * The mailboxes of one function type that only the tables hold: known by number, found by reading.
 *
 * INVARIANTS
 * - A cold mailbox has no object in memory, all of its messages are in the tables as of the last
 *   folded epoch, and no delete of one of its earlier messages is not folded yet.
 * - `long` holds every cold mailbox of more than longMin messages, and no other; it counts all of them.
 */
export class ColdMailboxes {
  count = 0;
  /** Of these, parked ones that only an operator lets go on. */
  parked = 0;
  readonly long = new Map<string, MessageCount>();
  /** Mailboxes that were brought back and have not been dispatched since. */
  recalled = 0;
  /** The id behind which the next ones are read, in the order of the tables; null: the first. */
  cursor: string | null = null;
  /** Since the cursor was at the front, some were brought back, or more became cold. */
  isChanged = false;
}
