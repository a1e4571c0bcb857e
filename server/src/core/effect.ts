import type { Binding } from "./binding.js";
import type { Incident } from "./incident.js";
import type { Message } from "./message.js";
import type { OutboxRecord } from "./outbox.js";
import type { TypedValue } from "./typed-value.js";

/**
 * Everything that may leave the core: what machine.drain() hands to the loop. What becomes durable
 * is apart: the change set that machine.seal() returns.
 *
 * ORDER CONTRACT. The loop must respect all of it; correctness after a crash rests on it.
 *
 * 1. A change set is encoded before the next step: it points at rows that the next step may change.
 * 2. At most one sealed epoch is being made durable at a time. The loop asks for the next one by
 *    machine.seal() only after it has stepped Committed for the last.
 * 3. `dispatches`, `attachedSessions`, `closedSessions`, `rejected` and `incidents` may leave at once:
 *    nothing that a function server does becomes visible outside before the epoch of its cause is
 *    durable, because epochs are committed in order.
 * 4. `acknowledged`, `replied`, `decided` and `deliveries` hold only what a durable epoch caused: the step of
 *    Committed fills them. They may leave in any order among one another; the records of one egress
 *    leave in order of sequence.
 * 5. An egress acknowledgement becomes an EgressAcknowledged command only after the record is where
 *    it belongs; losing the command means that the record leaves again with the same sequence.
 */
export interface Effects {
  /** Invocations and state replies, grouped by session. */
  readonly dispatches: readonly SessionDispatch[];
  readonly rejected: readonly Rejected[];
  readonly acknowledged: readonly Acknowledged[];
  readonly replied: readonly Replied[];
  readonly decided: readonly Decided[];
  readonly deliveries: readonly Delivery[];
  /** Sessions whose table is served from now on. */
  readonly attachedSessions: readonly number[];
  /** Sessions that were attached with a table that cannot be served; the stage reports and closes. */
  readonly closedSessions: readonly ClosedSession[];
  /** Drained sessions whose last invocation has ended; the stage closes the stream. */
  readonly drainedSessions: readonly number[];
  /** What went wrong with addresses, for the log. */
  readonly incidents: readonly Incident[];
}

export interface SessionDispatch {
  readonly session: number;
  readonly invocations: readonly Invocation[];
  readonly stateReplies: readonly StateReply[];
}

/** One batch of an address's messages on its way to a function server. */
export interface Invocation {
  readonly invocation: number;
  readonly binding: Binding;
  readonly id: string;
  readonly messages: readonly Message[];
  /** Aligned with binding.eager, as it is now; null: no value. Empty under a lease. */
  readonly states: readonly (Uint8Array | null)[];
  /** 0: none. Else the invocation after whose result the server kept this address's state. */
  readonly lease: number;
  /** Failed attempts at the first message so far. */
  readonly attempt: number;
  /** No later invocation will name this one as its lease. [LEASE-12] */
  readonly noLease: boolean;
}

export interface StateReply {
  readonly invocation: number;
  readonly states: readonly { readonly state: number; readonly value: Uint8Array | null }[];
  /** Why declared states cannot be had; absent: they can. The invocation is still in flight. */
  readonly fault?: string;
}

/** A send is durable. */
export interface Acknowledged {
  readonly request: number;
  readonly duplicate: boolean;
}

/** A call's effects are durable, or its message is parked or gone. */
export interface Replied {
  readonly request: number;
  /** Null with no failure: the function did not reply. */
  readonly value: TypedValue | null;
  readonly failure: Failure | null;
}

/** Why there is no reply. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What an operator decided about parked addresses is durable. */
export interface Decided {
  readonly request: number;
  /** Addresses that it changed: the others were not parked, or had another first message. */
  readonly addresses: number;
}

/** A send or call was not accepted; it changed nothing. */
export interface Rejected {
  readonly request: number;
  /** unavailable: a call to a type that is known, and of which no server is attached. */
  readonly code: "notFound" | "invalid" | "unavailable";
  readonly message: string;
}

/** Records of one egress, in order of sequence. */
export interface Delivery {
  readonly egress: string;
  readonly records: readonly OutboxRecord[];
}

export interface ClosedSession {
  readonly session: number;
  /** The clause of PROTOCOL.md that the table breaks. */
  readonly clause: string;
  readonly message: string;
}
