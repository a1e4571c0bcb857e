import { present } from "./assert.js";
import type { Attempts } from "./attempts.js";
import { Fifo } from "./fifo.js";
import type { Mailbox } from "./mailbox.js";

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
    this.#inFlight--;
    this.#hasLone = false;
  }
}

/** Whether the mailbox may go only as its session's quarantine allows. */
export function isSuspect({ attempts }: Mailbox): boolean {
  return attempts !== null && attempts.losses >= suspectLosses;
}

function isLone({ attempts }: Mailbox): boolean {
  return attempts !== null && attempts.losses >= loneLosses;
}
