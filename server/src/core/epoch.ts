import type { ChangeSet } from "./change-set.js";
import type { Acknowledged, Decided, Replied } from "./effect.js";
import type { FunctionType } from "./function-type.js";
import type { Message } from "./message.js";
import type { OutboxRecord } from "./outbox.js";
import type { RowChanges } from "./row.js";
import type { StateTable } from "./state-table.js";
import type { TimerKey } from "./store-view.js";
import type { Timer } from "./timer.js";

/** What an epoch lets out of the node once it is durable. */
export interface Releases {
  readonly acknowledged: Acknowledged[];
  readonly replied: Replied[];
  readonly decided: Decided[];
  /** The newest record sequence of each egress that got records. */
  readonly recordsUpTo: Map<string, number>;
}

/**
 * The open epoch: everything decided since the last cut.
 *
 *     open -> sealed (one at a time) -> committed -> released
 *
 * INVARIANT: what leaves the node because of this epoch is in `releases`, and goes out only when
 * the epoch is committed. Sealed epochs are committed in order, so that no effect outlives its
 * cause.
 */
export class OpenEpoch {
  readonly epoch: number;
  readonly types: FunctionType[] = [];
  readonly stateTables: StateTable[] = [];
  readonly messages: Message[] = [];
  readonly consumed: Message[] = [];
  readonly timersSet: Timer[] = [];
  readonly timersCleared: TimerKey[] = [];
  readonly records: OutboxRecord[] = [];
  readonly recordsAcknowledged: OutboxRecord[] = [];
  readonly releases: Releases = {
    acknowledged: [],
    replied: [],
    decided: [],
    recordsUpTo: new Map(),
  };

  /** Something inside waits for this epoch. */
  isUrgent = false;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** Somebody waits for this epoch, mostly outside. */
  get isAwaited(): boolean {
    const { acknowledged, replied, decided, recordsUpTo } = this.releases;
    const answers = acknowledged.length + replied.length + decided.length;
    return answers > 0 || recordsUpTo.size > 0 || this.isUrgent;
  }

  /** An upper bound of the changes besides rows: some may cancel out at the seal. */
  get changesMax(): number {
    return (
      this.messages.length +
      this.consumed.length +
      this.timersSet.length +
      this.timersCleared.length +
      this.records.length +
      this.recordsAcknowledged.length +
      this.types.length +
      this.stateTables.length
    );
  }

  /** Takes the cut: keeps only what survives it, and marks that as stored. */
  seal(rows: RowChanges, nextSequence: number): ChangeSet {
    const messages = this.messages.filter((message) => !message.consumed);
    const timersSet = this.timersSet.filter((timer) => !timer.done);
    for (const message of messages) message.storedEpoch = this.epoch;
    for (const timer of timersSet) timer.storedEpoch = this.epoch;
    for (const record of this.records) record.storedEpoch = this.epoch;
    const { epoch, types, stateTables, consumed, timersCleared, records } = this;
    const { recordsAcknowledged } = this;
    return {
      epoch,
      nextSequence,
      types,
      stateTables,
      rows,
      messages,
      consumed,
      timersSet,
      timersCleared,
      records,
      recordsAcknowledged,
    };
  }
}
