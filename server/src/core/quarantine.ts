import { present } from "./assert.js";
import { type Attempts, storeAttempts } from "./attempts.js";
import { Fifo } from "./fifo.js";
import type { Mailbox } from "./mailbox.js";
import type { Session } from "./session.js";
import type { Shard } from "./shard.js";

/** From so many lost streams in a row on, an address is a suspect. One loss says nothing. */
export const suspectLosses = 2;
/** From so many on, a suspect shares its stream with no other one. */
export const loneLosses = 3;
/** Suspects of one session in flight at a time: so many of a full window's are cleared at once. */
const companyMax = 32;

/**
 * Looks for the message that kills its server. When a stream is lost, each address in flight on it
 * may be the cause, and most are not. So what was in flight on a second lost stream too runs in
 * small groups, and what was in a group that was lost runs without another suspect beside it: then
 * the next loss is its own. Addresses that are no suspects run beside them as ever. [FAIL-10]
 *
 * INVARIANT: a lone suspect is in flight only while no other suspect of the session is.
 */
export class Quarantine {
  /** Ready suspects, in order. They are not in the ready lists of their bindings. */
  readonly waiting = new Fifo<Mailbox>();
  #inFlight = 0;
  #hasLone = false;

  /** The suspect that may go now. */
  get next(): Mailbox | undefined {
    const mailbox = this.waiting.at(0);
    if (mailbox === undefined || this.#hasLone) return undefined;
    const isFree = isLone(mailbox) ? this.#inFlight === 0 : this.#inFlight < companyMax;
    return isFree ? mailbox : undefined;
  }

  /** The suspects that may go now, one after the other, if none ends before. */
  upcoming(): Mailbox[] {
    const first = this.next;
    if (first === undefined || isLone(first)) return first === undefined ? [] : [first];
    const mailboxes: Mailbox[] = [];
    for (let at = 0; at < companyMax - this.#inFlight; at++) {
      const mailbox = this.waiting.at(at);
      if (mailbox === undefined || isLone(mailbox)) break;
      mailboxes.push(mailbox);
    }
    return mailboxes;
  }

  /** Some are in flight, or announced. */
  get isBusy(): boolean {
    const announcedEpoch = this.waiting.at(0)?.attempts?.announcedEpoch ?? 0;
    return this.#inFlight > 0 || announcedEpoch > 0;
  }

  /** Takes the next suspect out of the line, into flight. */
  enter(): void {
    const mailbox = present(this.waiting.take(), "a suspect");
    present(mailbox.attempts, mailbox.id).inQuarantine = true;
    this.#inFlight++;
    this.#hasLone = isLone(mailbox);
  }

  /** An invocation has ended. */
  leave(attempts: Attempts): void {
    if (!attempts.inQuarantine) return;
    attempts.inQuarantine = false;
    attempts.announcedEpoch = 0;
    this.#inFlight--;
    this.#hasLone = false;
  }
}

/**
 * Makes it durable that suspects are about to go, before they do: should the node die of one, its next
 * start knows which they were. One session at a time: the node dies of what any of them does.
 */
export function announceSuspects(shard: Shard, session: Session): void {
  for (const other of shard.sessions.values()) {
    if (other !== session && other.quarantine.isBusy) return;
  }
  for (const mailbox of session.quarantine.upcoming()) {
    const attempts = present(mailbox.attempts, mailbox.id);
    if (attempts.announcedEpoch > 0) continue;
    attempts.announcedEpoch = shard.epoch.epoch;
    storeAttempts(shard, mailbox, attempts, attempts.losses + 1);
    shard.epoch.isUrgent = true;
  }
}

/** Whether a crash of the node during the attempt would be known. */
export function isAnnounced(shard: Shard, { attempts }: Mailbox): boolean {
  const epoch = attempts === null ? 0 : attempts.announcedEpoch;
  return epoch > 0 && epoch <= shard.committedEpoch;
}

/** Whether the mailbox may go only as its session's quarantine allows. */
export function isSuspect({ attempts }: Mailbox): boolean {
  return attempts !== null && attempts.losses >= suspectLosses;
}

function isLone({ attempts }: Mailbox): boolean {
  return attempts !== null && attempts.losses >= loneLosses;
}
