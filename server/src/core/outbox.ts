import type { FunctionType } from "./function-type.js";
import { type FrontLimits, SpillQueue } from "./spill-queue.js";

/** A record on its way out of the node. */
export interface OutboxRecord {
  /** "namespace/name". */
  readonly egress: string;
  /** Rises by one per record of the egress, across restarts. */
  readonly sequence: number;
  readonly typename: string;
  readonly value: Uint8Array | null;
  /** Who produced it. */
  readonly sourceType: FunctionType;
  readonly sourceId: string;
  storedEpoch: number;
}

/**
 * The records of one egress that are not where they belong yet.
 *
 *     acknowledged <= delivered <= durable <= last
 *
 * INVARIANT: records with sequence acknowledged + 1 to last are in `queue`, in order; those up to
 * `delivered` were handed to the egress stage, which has at most the window of them, and one more
 * than fits into its bytes.
 */
export class Outbox {
  readonly egress: string;
  /**
   * The module names the egress. One that it no longer names takes no further records, and keeps
   * those that it has for when it is named again.
   */
  readonly isDeclared: boolean;
  /** Records are durable when a checkpoint holds them. Else when the journal does. */
  readonly isAfterCheckpoint: boolean;
  /**
   * Cuts that a checkpoint may be of, rising, and the last record before each: what `durable` will
   * be then. Empty unless isAfterCheckpoint. One per fold that brought records.
   */
  readonly cuts: { readonly epoch: number; readonly sequence: number }[] = [];
  readonly queue = new SpillQueue<OutboxRecord>();
  acknowledged: number;
  delivered: number;
  /** Payload of what was delivered and is not acknowledged. */
  deliveredBytes = 0;
  durable: number;
  last: number;

  constructor(
    egress: string,
    acknowledged: number,
    rules: { readonly isDeclared: boolean; readonly isAfterCheckpoint: boolean },
  ) {
    this.egress = egress;
    this.isDeclared = rules.isDeclared;
    this.isAfterCheckpoint = rules.isAfterCheckpoint;
    this.acknowledged = acknowledged;
    this.delivered = acknowledged;
    this.durable = acknowledged;
    this.last = acknowledged;
  }

  /** The next records for the stage: durable, in order, within the window; one in any case. */
  deliverable(window: FrontLimits): OutboxRecord[] {
    const records: OutboxRecord[] = [];
    const upTo = Math.min(this.durable, this.acknowledged + window.count);
    while (this.delivered < upTo && this.deliveredBytes < window.bytes) {
      const record = this.queue.front(this.delivered - this.acknowledged);
      if (record === undefined) break;
      records.push(record);
      this.delivered++;
      this.deliveredBytes += record.value?.length ?? 0;
    }
    return records;
  }

  /** Every record so far is in the epoch or an earlier one, and checkpoints hold whole epochs. */
  cut(epoch: number): void {
    const before = this.cuts.at(-1)?.sequence ?? this.durable;
    if (this.isAfterCheckpoint && this.last > before)
      this.cuts.push({ epoch, sequence: this.last });
  }

  /** A checkpoint holds the epoch. */
  checkpointed(epoch: number): void {
    for (let [cut] = this.cuts; cut !== undefined && cut.epoch <= epoch; [cut] = this.cuts) {
      this.durable = cut.sequence;
      this.cuts.shift();
    }
  }

  /** Removes everything up to the sequence; returns what it removed. */
  acknowledge(sequence: number): OutboxRecord[] {
    const removed: OutboxRecord[] = [];
    while (this.acknowledged < Math.min(sequence, this.delivered)) {
      const record = this.queue.take();
      if (record === undefined) break;
      removed.push(record);
      this.deliveredBytes -= record.value?.length ?? 0;
      this.acknowledged = record.sequence;
    }
    return removed;
  }
}
