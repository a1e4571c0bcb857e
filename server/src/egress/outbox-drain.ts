import type { Logger } from "pino";
import { assert } from "../core/assert.js";
import type { EgressAcknowledgedCommand } from "../core/command.js";
import type { OutboxRecord } from "../core/outbox.js";
import type { Sink, SinkStatus } from "./sink.js";

/** One write() takes what has arrived meanwhile, but no more than makes sense in memory at once. */
const writeRecordsMax = 1024;
const writeBytesMax = 4 << 20;

export interface OutboxDrainOptions {
  /** "namespace/name". */
  readonly egress: string;
  /** As in the module file. */
  readonly kind: string;
  readonly sink: Sink;
  readonly logger: Logger;
  readonly submit: (command: EgressAcknowledgedCommand) => void;
  /** The node cannot go on: what the sink has written is not known any more. */
  readonly onFailure: (error: Error) => void;
}

/** What inspection shows. */
export interface EgressStatus {
  readonly name: string;
  readonly kind: string;
  /** The last record that the core has delivered. */
  readonly sequenceLast: number;
  readonly sequenceAcknowledged: number;
  readonly state: "opening" | "failed" | "closed" | SinkStatus["state"];
  readonly reason: string;
}

/**
 * Takes one egress's records from the core to its sink, and acknowledges what has arrived.
 *
 * STATES: opening -> running -> closed, or failed from either of the first two.
 *
 * The core delivers no more records than its window, so the queue is bounded. Only one write() is
 * under way; meanwhile records collect, and the next write() takes them together: a slow sink gets
 * large batches, a fast one is not kept waiting.
 */
export class OutboxDrain {
  readonly #options: OutboxDrainOptions;
  #queue: OutboxRecord[] = [];
  #state: "opening" | "running" | "failed" | "closed" = "opening";
  #failure = "";
  #isDraining = false;
  #isClosing = false;
  #sequenceLast = 0;
  #sequenceAcknowledged = 0;
  #whenIdle: () => void = () => undefined;

  constructor(options: OutboxDrainOptions) {
    this.#options = options;
  }

  /**
   * Opens the sink after the last acknowledged record of the node's history.
   * @throws Error when the sink cannot be opened; it says what an operator can do.
   */
  async open(acknowledged: {
    readonly sequence: number;
    readonly position: number;
  }): Promise<void> {
    this.#sequenceAcknowledged = acknowledged.sequence;
    this.#sequenceLast = Math.max(this.#sequenceLast, acknowledged.sequence);
    try {
      await this.#options.sink.open(acknowledged);
    } catch (error) {
      const { egress } = this.#options;
      this.#state = "failed";
      this.#failure = error instanceof Error ? error.message : String(error);
      throw new Error(`egress ${egress}: ${this.#failure}`);
    }
    if (this.#state !== "opening") return;
    this.#state = "running";
    this.#drainSoon();
  }

  /** Takes durable records, in order of sequence. May be called before open() has resolved. */
  deliver(records: readonly OutboxRecord[]): void {
    for (const record of records) {
      assert(
        this.#sequenceLast === 0 || record.sequence === this.#sequenceLast + 1,
        `egress ${this.#options.egress} got record ${record.sequence} after ${this.#sequenceLast}`,
      );
      this.#sequenceLast = record.sequence;
      this.#queue.push(record);
    }
    this.#drainSoon();
  }

  status(): EgressStatus {
    const { egress, kind, sink } = this.#options;
    const sinkStatus = this.#state === "running" ? sink.status?.() : undefined;
    return {
      name: egress,
      kind,
      sequenceLast: this.#sequenceLast,
      sequenceAcknowledged: this.#sequenceAcknowledged,
      state: sinkStatus?.state ?? this.#state,
      reason: sinkStatus?.reason ?? this.#failure,
    };
  }

  /**
   * Writes what was delivered, for a time, and closes the sink. What is not written then stays in
   * the outbox, for the next run. A sink that waits for somebody outside is not waited for.
   */
  async close(timeLimitMs: number): Promise<void> {
    if (this.#isClosing) return;
    if (this.#isDraining && this.status().state === "running") await this.#idle(timeLimitMs);
    this.#isClosing = true;
    this.#queue = [];
    await this.#options.sink.close();
    // A write() that is under way has nothing to wait for any more.
    if (this.#isDraining) await this.#idle(timeLimitMs);
    if (this.#state !== "failed") this.#state = "closed";
  }

  #drainSoon(): void {
    if (this.#isDraining || this.#state !== "running" || this.#isClosing) return;
    if (this.#queue.length === 0) return;
    this.#isDraining = true;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#isClosing) await this.#writeBatch();
    } catch (error) {
      if (!this.#isClosing) this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.#isDraining = false;
    this.#whenIdle();
  }

  async #writeBatch(): Promise<void> {
    const { egress, sink, submit } = this.#options;
    const batch = this.#takeBatch();
    const sequence = batch.at(-1)?.sequence ?? this.#sequenceAcknowledged;
    const position = await sink.write(batch);
    this.#sequenceAcknowledged = sequence;
    submit({ kind: "egressAcknowledged", egress, sequence, position });
  }

  #takeBatch(): readonly OutboxRecord[] {
    const recordsMax = Math.min(writeRecordsMax, this.#options.sink.writeRecordsMax ?? Infinity);
    let bytes = 0;
    let count = 0;
    for (const { value } of this.#queue) {
      bytes += value?.length ?? 0;
      // A single record goes whatever its size.
      if (count > 0 && (count >= recordsMax || bytes > writeBytesMax)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #fail(error: Error): void {
    const { egress, logger, onFailure } = this.#options;
    this.#state = "failed";
    this.#failure = error.message;
    this.#queue = [];
    logger.error({ egress, reason: error.message }, "egress failed");
    onFailure(new Error(`egress ${egress}: ${error.message}`));
  }

  /** Resolves when no write() is under way, or after a time. */
  #idle(timeLimitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeLimitMs);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
