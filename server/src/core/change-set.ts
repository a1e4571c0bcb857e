import type { FunctionType } from "./function-type.js";
import type { Message } from "./message.js";
import type { OutboxRecord } from "./outbox.js";
import type { RowChanges } from "./row.js";
import type { StateTable } from "./state-table.js";
import type { TimerKey } from "./store-view.js";
import type { Timer } from "./timer.js";

/**
 * The difference between two cuts: the net effect of one epoch. What came and went inside the epoch
 * is in none of the lists.
 *
 * The rows are read from the overlay: whoever takes a change set encodes it before the core's
 * next step.
 */
export interface ChangeSet {
  readonly epoch: number;
  /** The next message, timer and record sequence after this epoch. */
  readonly nextSequence: number;
  /** Interned in this epoch. */
  readonly types: readonly FunctionType[];
  /** Created, or with a new expiration, in this epoch. */
  readonly stateTables: readonly StateTable[];
  readonly rows: RowChanges;
  /** Arrived in this epoch, and still in a mailbox. */
  readonly messages: readonly Message[];
  /** Stored by an earlier epoch, and consumed in this one. */
  readonly consumed: readonly Message[];
  readonly timersSet: readonly Timer[];
  /** Stored by an earlier epoch; fired or cancelled in this one. */
  readonly timersCleared: readonly TimerKey[];
  readonly records: readonly OutboxRecord[];
  /** Stored by an earlier epoch; acknowledged in this one. */
  readonly recordsAcknowledged: readonly OutboxRecord[];
}

/** How many changes there are: the measure of an epoch's size. */
export function changeCount(changes: ChangeSet): number {
  return (
    changes.types.length +
    changes.stateTables.length +
    changes.rows.length +
    changes.messages.length +
    changes.consumed.length +
    changes.timersSet.length +
    changes.timersCleared.length +
    changes.records.length +
    changes.recordsAcknowledged.length
  );
}
