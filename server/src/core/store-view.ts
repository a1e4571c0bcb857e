import type { Expiration } from "./command.js";

/**
 * What the core may read of the tables: the image as of the last folded epoch. Every read is
 * synchronous and sees one consistent image; what is newer is in the core's own overlay and queues.
 * The bytes that a read returns belong to the caller.
 */
export interface StoreView extends RowView {
  /** Messages of one mailbox with after < sequence <= last, in order, at most `limit`. */
  readMessages(
    range: { readonly type: number; readonly id: string } & SequenceRange,
  ): readonly StoredMessage[];
  /** Delayed messages that are due after the given one, in order of time, then of sequence. */
  readTimers(range: TimerRange): readonly StoredTimer[];
  /** Records of one egress with after < sequence <= last, in order, at most `limit`. */
  readRecords(range: { readonly egress: string } & SequenceRange): readonly StoredRecord[];
}

/** The keyed rows of the tables. */
export interface RowView {
  /** Undefined: no such row. Expired rows are returned; the caller compares the time. */
  readRow(table: number, key: string): StoredRow | undefined;
}

export interface SequenceRange {
  readonly after: number;
  readonly last: number;
  readonly limit: number;
}

/** What a delayed message is found by: its time, in milliseconds since the Unix epoch, comes first. */
export interface TimerKey {
  readonly dueMs: number;
  readonly sequence: number;
}

export interface TimerRange {
  readonly after: TimerKey;
  readonly limit: number;
  /** Payload after which no further one is read; one is read whatever its size. */
  readonly bytesMax: number;
}

export interface StoredRow {
  readonly value: Uint8Array;
  readonly expiresAtMs: number;
}

export interface StoredMessage {
  /** Index of the function type. */
  readonly type: number;
  readonly id: string;
  /** Index of the function type; 0: from an ingress. */
  readonly callerType: number;
  readonly callerId: string;
  readonly typename: string;
  readonly value: Uint8Array | null;
  readonly traceparent: string;
  readonly sequence: number;
  readonly key: string;
}

export interface StoredTimer {
  readonly dueMs: number;
  /** Empty: cannot be cancelled. */
  readonly token: string;
  /** The message as it will be delivered; its sequence is the timer's. */
  readonly message: StoredMessage;
}

export interface StoredRecord {
  readonly egress: string;
  readonly sequence: number;
  readonly typename: string;
  readonly value: Uint8Array | null;
  readonly sourceType: number;
  readonly sourceId: string;
}

export interface StoredStateTable {
  readonly table: number;
  readonly typeName: string;
  readonly name: string;
  readonly typename: string;
  readonly expiration: Expiration | null;
}

/** Everything the core needs to go on from the last durable epoch. */
export interface StoredImage {
  readonly epoch: number;
  readonly nextSequence: number;
  readonly types: readonly { readonly index: number; readonly name: string }[];
  readonly stateTables: readonly StoredStateTable[];
  /** Per mailbox: the first messages, and how many more the tables hold. */
  readonly mailboxes: Iterable<StoredMailbox>;
  /** Delayed messages in the tables. They are read as their time comes. */
  readonly timerCount: number;
  readonly outboxes: Iterable<StoredOutbox>;
  /** Rows of the parked table, and of the attempts table. */
  readonly parked: Iterable<StoredKeyedRow>;
  readonly attempts: Iterable<StoredKeyedRow>;
}

export interface StoredKeyedRow {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface StoredMailbox {
  readonly type: number;
  readonly id: string;
  readonly messages: readonly StoredMessage[];
  readonly spilledCount: number;
  readonly spilledLast: number;
}

export interface StoredOutbox {
  readonly egress: string;
  readonly records: readonly StoredRecord[];
  readonly spilledCount: number;
  readonly spilledLast: number;
}
