import type { OutboxRecord } from "../../core/outbox.js";
import type { Sink } from "../sink.js";

/** A record that somebody is being handed. Exactly one of the two is called, once. */
export interface TakenRecord {
  readonly record: OutboxRecord;
  /** It has left: it is acknowledged, and the next one is due. */
  done(): void;
  /** It has not: it is the next one again. */
  giveBack(): void;
}

interface Write {
  readonly record: OutboxRecord;
  readonly resolve: (position: number) => void;
  readonly reject: (error: Error) => void;
}

/** None: the topic is empty. Busy: too many wait for the record at the head. */
export type Take = TakenRecord | "none" | "busy";

type Taker = (take: Take) => void;

/** Who waits holds a connection, and nothing else; more than this is a mistake. */
const takersMax = 1000;

/**
 * Keeps the records of one topic until they are taken, one at a time and in order.
 *
 * STATES of the record at the head: none -> waiting -> taken -> none, or back to waiting.
 * Whoever comes while it is taken waits for how that ends.
 *
 * A record that was taken is acknowledged at once, so only those are handed out again whose
 * acknowledgement was not durable yet when the node died.
 */
export class TopicSink implements Sink {
  readonly writeRecordsMax = 1;
  #write: Write | null = null;
  #isTaken = false;
  #isClosed = false;
  readonly #takers: Taker[] = [];

  open(): Promise<void> {
    return Promise.resolve();
  }

  write([record]: readonly OutboxRecord[]): Promise<number> {
    if (this.#isClosed || record === undefined) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#write = { record, resolve, reject };
      this.#serve();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#write?.reject(closedError());
    this.#write = null;
    this.#dismissAll();
  }

  /** The record at the head, once nobody else has it. */
  take(): Promise<Take> {
    if (this.#takers.length >= takersMax) return Promise.resolve("busy");
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      if (this.#isTaken) return;
      if (this.#write === null) this.#dismissAll();
      else this.#serve();
    });
  }

  #serve(): void {
    const write = this.#write;
    if (write === null || this.#isTaken) return;
    const taker = this.#takers.shift();
    if (taker === undefined) return;
    this.#isTaken = true;
    const { record } = write;
    taker({ record, done: () => this.#end(write), giveBack: () => this.#return() });
  }

  #end(write: Write): void {
    this.#isTaken = false;
    if (this.#write !== write) return;
    this.#write = null;
    write.resolve(0);
    // The next record, if there is one, comes within this turn.
    setImmediate(() => {
      if (this.#write === null && !this.#isTaken) this.#dismissAll();
    });
  }

  #return(): void {
    this.#isTaken = false;
    if (this.#write === null) this.#dismissAll();
    else this.#serve();
  }

  #dismissAll(): void {
    for (const taker of this.#takers.splice(0)) taker("none");
  }
}

function closedError(): Error {
  return new Error("the topic is closed");
}
