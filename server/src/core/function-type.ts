import type { Binding } from "./binding.js";
import type { ColdMailboxes } from "./cold-mailboxes.js";
import type { FailureCode } from "./command.js";
import type { Histogram } from "./histogram.js";
import type { Mailbox } from "./mailbox.js";
import type { MailboxTable } from "./mailbox-table.js";
import type { StateTable } from "./state-table.js";

/** A function type the shard has met. Interned: `index` is stored and never reused. */
export interface FunctionType {
  readonly index: number;
  /** "namespace/type". */
  readonly name: string;
  standing: Standing;
  /** Mailboxes by instance id: those with messages, and idle ones whose state is leased. */
  readonly mailboxes: MailboxTable;
  /** The mailboxes that only the tables hold. */
  readonly cold: ColdMailboxes;
  /** By state name. */
  readonly states: Map<string, StateTable>;
  /** The attached, not draining servers of this type, in order of session. */
  readonly bindings: Binding[];
  /** Mailboxes that wait for a server of this type, those that are parked for want of one too. */
  readonly unplaced: Set<Mailbox>;
  readonly counters: FunctionTypeCounters;
  /** From dispatch to result, failed attempts included, in seconds; time passes in milliseconds. */
  readonly latency: Histogram;
}

/**
 * What the shard knows of a type. named: a message goes to it, and no server of it was ever seen.
 * stored: an earlier run met it, in whatever way. served: it has declared states, or a server of it
 * was attached in this run.
 */
export type Standing = "named" | "stored" | "served";

/** Upper bounds of the latency histogram, in seconds. */
export const latencyBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** What operators watch per function type. Counters only rise; the rest is the present. */
export interface FunctionTypeCounters {
  messagesIn: number;
  messagesToFunctions: number;
  messagesToEgress: number;
  /** By code. */
  readonly failures: Map<FailureCode, number>;
  invocations: number;
  /** Present: messages in mailboxes, in flight included. */
  waiting: number;
  /** Present: invocations in flight. */
  inFlight: number;
  /** Present: parked addresses. */
  parked: number;
  /** Messages that were given up and went to an egress. */
  deadLetters: number;
}
