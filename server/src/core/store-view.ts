import type { Expiration } from "./command.js";

/**
 * What the core may read of the tables: the image as of the last folded epoch. Every read is
 * synchronous and sees one consistent image; what is newer is in the core's own overlay and queues.
 * The bytes that a read returns belong to the caller.
 */
export interface StoreView extends RowView {
  /** Messages of one mailbox with after < sequence <= last, in order, up to its limits. */
  readMessages(
    range: { readonly type: number; readonly id: string } & SequenceRange,
  ): readonly StoredMessage[];
  /** One mailbox; undefined when no message of it is there. */
  readMailbox(
    address: { readonly type: number; readonly id: string },
    limits: MailboxLimits,
  ): StoredMailbox | undefined;
  /** Mailboxes of one type behind an id, in the order of the tables, up to its limits. */
  readMailboxes(range: MailboxRange): StoredMailboxes;
  /** Delayed messages that are due after the given one, in order of time, then of sequence. */
  readTimers(range: TimerRange): readonly StoredTimer[];
  /** Records of one egress with after < sequence <= last, in order, up to its limits. */
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
  /** Payload after which no further one is read; one is read whatever its size. */
  readonly bytesMax: number;
}

/** How much of one mailbox is read. */
export interface MailboxLimits {
  /** Messages, at least one. */
  readonly messagesMax: number;
  /** As SequenceRange.bytesMax. */
  readonly bytesMax: number;
  /** It is known to have more than longMin messages: they need not be counted again. */
  readonly isLong?: boolean;
}

export interface MailboxRange {
  readonly type: number;
  /** Null: begins with the first mailbox of the type. */
  readonly afterId: string | null;
  /** Of each mailbox; and no further one is read after so much payload of all. */
  readonly limits: MailboxLimits;
  readonly mailboxesMax: number;
  /** Messages looked at: ends with the mailbox that passes it. */
  readonly messagesMax: number;
}

export interface StoredMailboxes {
  readonly mailboxes: readonly StoredMailbox[];
  /** Nothing of the type is behind the last one. */
  readonly isAtEnd: boolean;
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
  /** What waits for each function type. */
  readonly backlogs: Iterable<StoredBacklog>;
  /** Delayed messages in the tables. They are read as their time comes. */
  readonly timerCount: number;
  readonly outboxes: Iterable<StoredOutbox>;
  /** Rows of the parked table. */
  readonly parked: Iterable<StoredKeyedRow>;
}

export interface StoredKeyedRow {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * Counting stops being cheap: mailboxes with more messages in the tables are known by name, so that
 * reading one never means to count it.
 */
export const longMin = 1024;

/** Messages of a mailbox that were counted and not read. */
export interface MessageCount {
  readonly count: number;
  /** Sequence of the newest one; 0: there is none. */
  readonly last: number;
}

export interface StoredMailbox {
  readonly id: string;
  /** The first ones, at least one. */
  readonly messages: readonly StoredMessage[];
  /** The messages behind those; null when the mailbox has more than longMin. */
  readonly rest: MessageCount | null;
}

/** The mailboxes of one function type, as numbers. */
export interface StoredBacklog {
  /** Index of the function type. */
  readonly type: number;
  readonly mailboxes: number;
  readonly messages: number;
  /** All messages of each mailbox with more than longMin, by id. */
  readonly long: ReadonlyMap<string, MessageCount>;
}

/** The records of one egress, as numbers. */
export interface StoredOutbox {
  readonly egress: string;
  readonly count: number;
  /** Sequence of the newest record. */
  readonly last: number;
}
