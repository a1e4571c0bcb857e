import type { Mailbox } from "./mailbox.js";

/**
 * The mailboxes whose state one session's server keeps, by the time of their last result. The links
 * are in the mailboxes: an entry moves to the end without allocating anything.
 */
export class LeaseList {
  #oldest: Mailbox | null = null;
  #newest: Mailbox | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get oldest(): Mailbox | null {
    return this.#oldest;
  }

  /** The mailbox is in no list. */
  append(mailbox: Mailbox): void {
    mailbox.leaseOlder = this.#newest;
    if (this.#newest === null) this.#oldest = mailbox;
    else this.#newest.leaseNewer = mailbox;
    this.#newest = mailbox;
    this.#length++;
  }

  /** The mailbox is in this list. */
  remove(mailbox: Mailbox): void {
    const { leaseOlder, leaseNewer } = mailbox;
    if (leaseOlder === null) this.#oldest = leaseNewer;
    else leaseOlder.leaseNewer = leaseNewer;
    if (leaseNewer === null) this.#newest = leaseOlder;
    else leaseNewer.leaseOlder = leaseOlder;
    mailbox.leaseOlder = null;
    mailbox.leaseNewer = null;
    this.#length--;
  }

  /** Makes the mailbox, which is in this list, the newest. */
  touch(mailbox: Mailbox): void {
    if (mailbox === this.#newest) return;
    this.remove(mailbox);
    this.append(mailbox);
  }

  /** From the oldest to the newest. */
  *[Symbol.iterator](): Generator<Mailbox> {
    for (let mailbox = this.#oldest; mailbox !== null; mailbox = mailbox.leaseNewer) yield mailbox;
  }
}
