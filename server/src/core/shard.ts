import { covers } from "./address.js";
import type {
  Acknowledged,
  ClosedSession,
  Decided,
  Delivery,
  Rejected,
  Replied,
} from "./effect.js";
import type { Emptied } from "./emptied.js";
import type { OpenEpoch, Releases } from "./epoch.js";
import type { FunctionType } from "./function-type.js";
import type { Heap } from "./heap.js";
import type { Incident } from "./incident.js";
import type { Mailbox } from "./mailbox.js";
import type { CoreOptions, FunctionPolicy, InvocationPolicy } from "./options.js";
import type { Outbox } from "./outbox.js";
import type { Overlay } from "./overlay.js";
import type { Session } from "./session.js";
import type { StateTable } from "./state-table.js";
import type { StoreView } from "./store-view.js";
import type { Timers } from "./timer.js";

/** A mailbox that waits before its next attempt. Stale when the mailbox has moved on. */
export interface Retry {
  readonly dueMs: number;
  readonly sequence: number;
  readonly mailbox: Mailbox;
}

/** Effects that wait for the next drain. */
export interface PendingEffects {
  rejected: Rejected[];
  acknowledged: Acknowledged[];
  replied: Replied[];
  decided: Decided[];
  deliveries: Delivery[];
  attachedSessions: number[];
  closedSessions: ClosedSession[];
  drainedSessions: number[];
  incidents: Incident[];
}

/**
 * Everything one shard's core holds. Plain data: the files beside this one decide about it, and
 * machine.ts is the only way in.
 */
export interface Shard {
  readonly options: CoreOptions;
  readonly view: StoreView;
  readonly overlay: Overlay;
  nowMs: number;
  /** What nowMs was when the core was made. */
  readonly startedAtMs: number;
  /** Of messages and timers alike. */
  nextSequence: number;
  epoch: OpenEpoch;
  sealed: { readonly epoch: number; readonly releases: Releases } | null;
  committedEpoch: number;
  foldedEpoch: number;
  /** The epoch that a fold under way ends with; 0: none is under way. */
  foldingEpoch: number;
  readonly types: Map<string, FunctionType>;
  /** By index; 0 is unused. */
  readonly typesByIndex: FunctionType[];
  readonly stateTables: StateTable[];
  readonly sessions: Map<number, Session>;
  readonly timers: Timers;
  readonly retries: Heap<Retry>;
  nextRetry: number;
  readonly outboxes: Map<string, Outbox>;
  /** Idempotency key -> calls that wait for the same reply. */
  readonly keyWaiters: Map<string, number[]>;
  /** Calls whose message is in the tables only: its sequence -> the call. */
  readonly spilledRequests: Map<number, number>;
  /** Mailboxes with more in memory than the limit; looked at after each fold. */
  readonly large: Set<Mailbox>;
  /** Messages with a lower sequence are suspected of having killed the node; 0: none. */
  suspectBefore: number;
  /** Types with mailboxes that only the tables hold. */
  readonly coldTypes: Set<FunctionType>;
  /** Kept while `tracksEmptied` is true. */
  readonly emptied: Emptied;
  /** Some mailbox is cold, or may be after the next fold. */
  tracksEmptied: boolean;
  /** Memory is full until the fold under way has ended: nothing that makes more of it begins. */
  isHeld: boolean;
  /** In which a delayed message has come last; 0: in none. */
  firedEpoch: number;
  /** Of the delayed messages that are pending, those of a lower sequence that were due by then are late. */
  late: { readonly dueMs: number; readonly sequence: number } | null;
  /** Of messages in memory. */
  backlogBytes: number;
  backlogMessages: number;
  /** Of records in memory. */
  outboxBytes: number;
  outboxRecords: number;
  effects: PendingEffects;
}

/** A new, empty set of pending effects. */
export function noEffects(): PendingEffects {
  return {
    rejected: [],
    acknowledged: [],
    replied: [],
    decided: [],
    deliveries: [],
    attachedSessions: [],
    closedSessions: [],
    drainedSessions: [],
    incidents: [],
  };
}

/** The policy of the most specific pattern that covers the type. */
export function policyOf(shard: Shard, typeName: string): InvocationPolicy {
  let wildcard: FunctionPolicy | undefined;
  for (const policy of shard.options.functions) {
    if (policy.pattern === typeName) return policy;
    if (wildcard === undefined && covers(policy.pattern, typeName)) wildcard = policy;
  }
  return wildcard ?? shard.options.undeclaredFunctions;
}
