import type { OutboxRecord } from "../../core/outbox.js";
import { type Sink, type SinkStatus, sinkRunning } from "../sink.js";

/** Who gets the records: the other end of one Subscribe stream. */
export interface Subscriber {
  /** There are records that it may not have been sent: it asks for them with sink.after(). */
  wake(): void;
  /** It is not the sink's subscriber any more; nothing that it does has an effect. */
  dismiss(reason: "taken-over" | "closed"): void;
}

interface Write {
  readonly records: readonly OutboxRecord[];
  readonly resolve: (position: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Hands the records of one egress to whoever subscribes, and waits for their acknowledgement.
 *
 * INVARIANTS
 * - One subscriber at a time; a newer one takes over.
 * - #acknowledged never falls. Only records above it are handed out, in order of sequence.
 * - It holds the records of the write() that is under way and no others, so its memory is what the
 *   outbox drain gives it. Without a subscriber, or with a slow one, that write() waits.
 *
 * A record may be handed out again with the same sequence: to a later subscriber when it was not
 * acknowledged, and after a crash when its acknowledgement was not durable yet.
 */
export class SubscriptionSink implements Sink {
  /** "namespace/name". */
  readonly egress: string;
  #acknowledged = 0;
  #write: Write | null = null;
  #subscriber: Subscriber | null = null;
  #isClosed = false;

  constructor(egress: string) {
    this.egress = egress;
  }

  async open(acknowledged: { readonly sequence: number }): Promise<void> {
    this.#acknowledged = acknowledged.sequence;
  }

  /** Resolves, with position 0, when the subscriber has acknowledged the last of the records. */
  write(records: readonly OutboxRecord[]): Promise<number> {
    if (this.#isClosed) return Promise.reject(this.#closedError());
    return new Promise((resolve, reject) => {
      this.#write = { records, resolve, reject };
      this.#settle();
      this.#subscriber?.wake();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#subscriber?.dismiss("closed");
    this.#subscriber = null;
    this.#write?.reject(this.#closedError());
    this.#write = null;
  }

  status(): SinkStatus {
    const isWaiting = this.#write !== null && this.#subscriber === null;
    return isWaiting ? { state: "waiting", reason: "nobody subscribes to it" } : sinkRunning;
  }

  /** Makes this the sink's subscriber; the former one is dismissed. */
  subscribe(subscriber: Subscriber): void {
    const former = this.#subscriber;
    this.#subscriber = subscriber;
    former?.dismiss("taken-over");
    if (this.#isClosed) {
      this.#subscriber = null;
      subscriber.dismiss("closed");
      return;
    }
    subscriber.wake();
  }

  /** The subscriber is gone. Harmless when another one has taken over. */
  unsubscribe(subscriber: Subscriber): void {
    if (this.#subscriber === subscriber) this.#subscriber = null;
  }

  /** Every record up to this one is done. */
  acknowledge(subscriber: Subscriber, sequence: number): void {
    if (this.#subscriber !== subscriber || sequence <= this.#acknowledged) return;
    this.#acknowledged = sequence;
    this.#settle();
  }

  /** The highest sequence that is done. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get hasSubscriber(): boolean {
    return this.#subscriber !== null;
  }

  /** Records that are not acknowledged and come after the sequence, at most so many. */
  after(sequence: number, countMax: number): readonly OutboxRecord[] {
    const records = this.#write?.records ?? [];
    const first = records[0]?.sequence ?? 0;
    // Sequences rise by one, so a sequence tells the index.
    const start = Math.max(0, Math.max(sequence, this.#acknowledged) + 1 - first);
    return records.slice(start, start + countMax);
  }

  #settle(): void {
    const write = this.#write;
    const last = write?.records.at(-1);
    if (write === null || (last !== undefined && last.sequence > this.#acknowledged)) return;
    this.#write = null;
    write.resolve(0);
  }

  #closedError(): Error {
    return new Error(`egress ${this.egress} is closed`);
  }
}
