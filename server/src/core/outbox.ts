import type { FunctionType } from "./function-type.js";
import { SpillQueue } from "./spill-queue.js";

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
 * `delivered` were handed to the egress stage, which has at most the window of them.
 */
export class Outbox {
  readonly egress: string;
  /**
   * The module names the egress. One that it no longer names takes no further records, and keeps
   * those that it has for when it is named again.
   */
  readonly isDeclared: boolean;
  readonly queue = new SpillQueue<OutboxRecord>();
  acknowledged: number;
  delivered: number;
  durable: number;
  last: number;

  constructor(egress: string, acknowledged: number, isDeclared: boolean) {
    this.egress = egress;
    this.isDeclared = isDeclared;
    this.acknowledged = acknowledged;
    this.delivered = acknowledged;
    this.durable = acknowledged;
    this.last = acknowledged;
  }

  /** The next records for the stage: durable, in order, within the window. */
  deliverable(window: number): OutboxRecord[] {
    const records: OutboxRecord[] = [];
    const upTo = Math.min(this.durable, this.acknowledged + window);
    while (this.delivered < upTo) {
      const record = this.queue.front(this.delivered - this.acknowledged);
      if (record === undefined) break;
      records.push(record);
      this.delivered++;
    }
    return records;
  }

  /** Removes everything up to the sequence; returns what it removed. */
  acknowledge(sequence: number): OutboxRecord[] {
    const removed: OutboxRecord[] = [];
    while (this.acknowledged < Math.min(sequence, this.delivered)) {
      const record = this.queue.take();
      if (record === undefined) break;
      removed.push(record);
      this.acknowledged = record.sequence;
    }
    return removed;
  }
}
