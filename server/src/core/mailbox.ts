import type { Attempts } from "./attempts.js";
import type { Binding } from "./binding.js";
import type { FunctionType } from "./function-type.js";
import type { Message } from "./message.js";
import type { Session } from "./session.js";
import { type FrontLimits, SpillQueue, type SpillReader } from "./spill-queue.js";

/**
 * idle: no messages; kept only while its state is leased. unplaced: no server of the type is
 * attached. ready: in line at its binding, or as a suspect at its session. inFlight: one invocation
 * is out. backingOff: waits for attempts.retryAtMs. parked: set aside until somebody decides, or, of
 * a type that nobody knew, until a server of it is attached.
 */
export type MailboxState = "idle" | "unplaced" | "ready" | "inFlight" | "backingOff" | "parked";

/**
 * The messages waiting for one address, and the one invocation in flight.
 *
 * INVARIANTS
 * - At most one invocation per address is in flight; its messages are the first `batch`.
 * - state is inFlight exactly when binding.session.inFlight holds this mailbox under `invocation`.
 * - the mailbox is in the list of leases of leaseSession, and in no other; lease may be 0 there.
 * - lease is not 0 only while leaseSession is attached and its server has seen the result of that
 *   invocation, which was the last one applied to this address.
 */
export class Mailbox {
  readonly type: FunctionType;
  readonly id: string;
  /** The oldest message. Most mailboxes hold one at a time: it needs no queue. */
  #first: Message | null = null;
  /** The messages behind the first. */
  #rest: SpillQueue<Message> | null = null;
  /** How many those are: while there are none, which is most of the time, the queue is not touched. */
  #behind = 0;
  state: MailboxState = "idle";
  binding: Binding | null = null;
  invocation = 0;
  batch = 0;
  /** Payload bytes of the invocation in flight. */
  bytes = 0;
  /** When that was dispatched, after the start of the core: see dispatchedAtMs(). */
  dispatchedAfterMs = 0;
  /** What was tried in vain at the first message; null: nothing, or it is parked. */
  attempts: Attempts | null = null;
  /**
   * Inputs of the next invocation; 0: as many as the limits allow. One after a refused batch
   * [RESULT-11] or lost streams, half of a batch that timed out; doubled with every result that
   * consumes some.
   */
  batchLimit = 0;
  /** The epoch that deletes the last stored message that was consumed; 0: none was. */
  consumedEpoch = 0;
  /** It was brought back from the tables, and has not been dispatched since. */
  isRecalled = false;
  /** The state row written last, by its number: usually the next one too. 0: none was. */
  lastRow = 0;
  lease = 0;
  /** The invocation in flight named the lease, and the server has not asked for the state. */
  leaseNamed = false;
  /** The invocation in flight leaves a lease, if all goes well. */
  leaseWanted = false;
  leaseSession: Session | null = null;
  /** 0: no state of the address expires. */
  leaseExpiresAtMs = 0;
  /** In the list of leaseSession. */
  leasePlace = 0;

  constructor(type: FunctionType, id: string) {
    this.type = type;
    this.id = id;
  }

  /** Messages, spilled ones included. */
  get length(): number {
    return (this.#first === null ? 0 : 1) + this.#behind;
  }

  /** Messages that front() can see now. */
  get inMemoryFront(): number {
    const behind = this.#behind === 0 ? 0 : (this.#rest?.inMemoryFront ?? 0);
    return (this.#first === null ? 0 : 1) + behind;
  }

  /** Messages that only the tables hold. */
  get spilled(): number {
    return this.#behind === 0 ? 0 : (this.#rest?.spilled ?? 0);
  }

  push(message: Message): void {
    if (this.#first === null && this.#behind === 0) {
      this.#first = message;
      return;
    }
    this.#rest ??= new SpillQueue();
    this.#rest.push(message);
    this.#behind++;
    this.#advance();
  }

  /** The message at a position from the front; undefined beyond what is in memory. */
  front(position: number): Message | undefined {
    if (position === 0) return this.#first ?? undefined;
    return this.#behind === 0 ? undefined : this.#rest?.front(position - 1);
  }

  /** Removes the oldest message, which must be in memory. */
  take(): Message | undefined {
    const message = this.#first ?? undefined;
    this.#first = null;
    if (this.#behind === 0) return message;
    if (message !== undefined) this.#rest?.passed(message.sequence);
    this.#advance();
    return message;
  }

  /** Declares messages that only the tables hold, after a restart and all push(). */
  restoreSpilled(count: number, last: number): void {
    if (count === 0) return;
    this.#rest ??= new SpillQueue();
    this.#rest.restoreSpilled(count, last);
    this.#behind += count;
  }

  /** Sequence of the newest message; 0: there is none. */
  get last(): number {
    const behind = this.#behind === 0 ? 0 : (this.#rest?.last ?? 0);
    return behind > 0 ? behind : (this.#first?.sequence ?? 0);
  }

  /** Whether the tables hold all of its messages, and none that was consumed. */
  isFolded(foldedEpoch: number): boolean {
    if (this.consumedEpoch > foldedEpoch) return false;
    const first = this.#first;
    if (first !== null && (first.storedEpoch === 0 || first.storedEpoch > foldedEpoch))
      return false;
    return this.#behind === 0 || this.#rest === null || this.#rest.isFolded(foldedEpoch);
  }

  /** Removes every message that is in memory; the mailbox must not be used again. */
  removeAll(): readonly Message[] {
    const rest = this.#rest?.removeAll() ?? [];
    return this.#first === null ? rest : [this.#first, ...rest];
  }

  /** As SpillQueue.evict(). */
  evict(foldedEpoch: number, keep: number): readonly Message[] {
    return this.#rest?.evict(foldedEpoch, Math.max(0, keep - 1)) ?? [];
  }

  /** As SpillQueue.refill(). */
  refill(low: FrontLimits, limit: number, read: SpillReader<Message>): readonly Message[] {
    if (this.#rest === null || this.#rest.spilled === 0) return [];
    if (this.#first !== null) this.#rest.passed(this.#first.sequence);
    const loaded = this.#rest.refill(low, limit, read);
    this.#advance();
    return loaded;
  }

  /** The next message comes first, if there was none, and if it is in memory. */
  #advance(): void {
    if (this.#first !== null) return;
    const next = this.#rest?.take();
    if (next === undefined) return;
    this.#first = next;
    this.#behind--;
    // Of the many mailboxes that stay for their lease, most have had two messages once.
    if (this.#behind === 0) this.#rest = null;
  }
}
