import type { Mailbox } from "./mailbox.js";

/** Slots of the ring; a power of two. More invocations than this are seldom out at a time. */
const ringSlots = 8192;

/**
 * The invocations in flight on one session, by their rising id.
 *
 * A ring of slots, each id in the slot of its low bits. An invocation that is still out when its
 * slot is needed again moves to a map of stragglers. A map alone would be written and emptied for
 * every invocation, and what it held would live on until a full garbage collection.
 */
export class Flights {
  readonly #ring: (Mailbox | null)[] = new Array<Mailbox | null>(ringSlots).fill(null);
  readonly #stragglers = new Map<number, Mailbox>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `mailbox.invocation` is the id. */
  add(mailbox: Mailbox): void {
    const slot = mailbox.invocation & (ringSlots - 1);
    const straggler = this.#ring[slot];
    if (straggler) this.#stragglers.set(straggler.invocation, straggler);
    this.#ring[slot] = mailbox;
    this.#size++;
  }

  get(invocation: number): Mailbox | undefined {
    const mailbox = this.#ring[invocation & (ringSlots - 1)];
    if (mailbox && mailbox.invocation === invocation) return mailbox;
    return this.#stragglers.size === 0 ? undefined : this.#stragglers.get(invocation);
  }

  /** `mailbox` is in flight under its id. */
  remove(mailbox: Mailbox): void {
    const slot = mailbox.invocation & (ringSlots - 1);
    if (this.#ring[slot] === mailbox) this.#ring[slot] = null;
    else this.#stragglers.delete(mailbox.invocation);
    this.#size--;
  }

  /** In order of dispatch. For the rare occasions: it looks at every slot. */
  values(): Mailbox[] {
    if (this.#size === 0) return [];
    const mailboxes = [...this.#stragglers.values()];
    for (const mailbox of this.#ring) if (mailbox) mailboxes.push(mailbox);
    return mailboxes.sort((a, b) => a.invocation - b.invocation);
  }
}

/**
 * When the invocation in flight was dispatched, in milliseconds since the Unix epoch. Mailboxes keep a
 * small number instead: the engine has no room for a large one in an object, and would give each of
 * them another object for it.
 */
export function dispatchedAtMs(
  { startedAtMs }: { readonly startedAtMs: number },
  mailbox: Readonly<Mailbox>,
): number {
  return startedAtMs + mailbox.dispatchedAfterMs;
}
