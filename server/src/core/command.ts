import type { Address } from "./address.js";
import type { TypedValue } from "./typed-value.js";

/**
 * Everything that may enter the core. A command is plain data that codec/ has validated: the core
 * trusts its shape and its limits, and decides what it means.
 */
export type Command =
  | TickCommand
  | SendCommand
  | CallCommand
  | AdvanceCommand
  | SessionAttachedCommand
  | SessionWindowCommand
  | SessionDrainingCommand
  | SessionDetachedCommand
  | ResultsCommand
  | StateRequestedCommand
  | StatesDeclaredCommand
  | EgressAcknowledgedCommand
  | RetryParkedCommand
  | DropParkedCommand
  | CommittedCommand
  | FoldedCommand
  | CheckpointedCommand;

/** Time has passed. The only way in which the core learns the time. */
export interface TickCommand {
  readonly kind: "tick";
  /** Milliseconds since the Unix epoch; never less than in an earlier tick. */
  readonly nowMs: number;
}

/** One message from an ingress. Answered by one Acknowledged or Rejected effect with its request. */
export interface SendCommand {
  readonly kind: "send";
  /** Chosen by the ingress stage; unique among the requests that are not answered yet. */
  readonly request: number;
  /** "namespace/type". */
  readonly typeName: string;
  readonly id: string;
  readonly message: TypedValue;
  readonly traceparent: string;
  /** 0: deliver now. */
  readonly delayMs: number;
  readonly once: Once | null;
}

/** How a repeated request is recognised. */
export type Once =
  | { readonly kind: "key"; readonly key: string }
  /** Dropped unless the sequence is higher than every earlier one of the source. */
  | { readonly kind: "sequence"; readonly source: string; readonly sequence: number };

/** As a send, but answered by a Replied effect when the function has run, or by Rejected. */
export interface CallCommand {
  readonly kind: "call";
  readonly request: number;
  readonly typeName: string;
  readonly id: string;
  readonly message: TypedValue;
  readonly traceparent: string;
  readonly once: { readonly kind: "key"; readonly key: string } | null;
}

/**
 * A numbered source has passed everything up to a sequence without a message for it: the position
 * moves all the same. Answered as a send.
 */
export interface AdvanceCommand {
  readonly kind: "advance";
  readonly request: number;
  readonly source: string;
  readonly sequence: number;
}

/** A function server is ready on a stream. */
export interface SessionAttachedCommand {
  readonly kind: "sessionAttached";
  /** Unique for the life of the process, rising. */
  readonly session: number;
  readonly functions: readonly FunctionSpec[];
  readonly window: SessionWindow;
  /** Addresses whose state the server keeps; 0 when it does not use leases. */
  readonly leasesMax: number;
}

/** One entry of a server's function table. */
export interface FunctionSpec {
  /** "namespace/type" or "namespace/*". */
  readonly pattern: string;
  readonly states: readonly StateSpec[];
  /** 0: no limit of its own. */
  readonly inFlightMax: number;
  /** 0: the runtime's own limit. */
  readonly batchMax: number;
  /** Absent: the entry says everything about its functions. */
  readonly open?: OpenEntry;
}

/**
 * An entry of a server that has no table of its own, as with request-reply over HTTP. Its states come
 * by StatesDeclared, when an invocation lacks them; inFlightMax is that of each type of the entry.
 */
export interface OpenEntry {
  /** Types that the pattern covers and that are another server's. */
  readonly except: readonly string[];
}

export interface StateSpec {
  readonly name: string;
  readonly typename: string;
  readonly expiration: Expiration | null;
  readonly lazy: boolean;
}

export interface Expiration {
  readonly mode: "afterWrite" | "afterInvocation";
  readonly durationMs: number;
}

/** What a server lets the runtime have in flight. The core sends while both are below. */
export interface SessionWindow {
  readonly invocations: number;
  readonly bytes: number;
}

export interface SessionWindowCommand {
  readonly kind: "sessionWindow";
  readonly session: number;
  readonly window: SessionWindow;
}

/** The server takes no new invocations on this stream; those in flight still end. */
export interface SessionDrainingCommand {
  readonly kind: "sessionDraining";
  readonly session: number;
}

/** The stream is gone; results of its invocations will never come. */
export interface SessionDetachedCommand {
  readonly kind: "sessionDetached";
  readonly session: number;
}

/** The results of one frame. A result whose invocation is not in flight is ignored. */
export interface ResultsCommand {
  readonly kind: "results";
  readonly session: number;
  readonly results: readonly InvocationResult[];
}

/** What one invocation did. Applied whole or not at all. Index i of parallel lists belongs together. */
export interface InvocationResult {
  readonly invocation: number;
  readonly stateChanges: readonly StateChange[];
  readonly sends: readonly OutgoingMessage[];
  readonly timerChanges: readonly TimerChange[];
  readonly egressRecords: readonly OutgoingRecord[];
  readonly replies: readonly OutgoingReply[];
  readonly failure: InvocationFailure | null;
  /** Codec found a clause broken that refuses the result; null: none. Effects are then empty. */
  readonly refused: Fault | null;
}

/** A clause of PROTOCOL.md that a peer broke, and how, for people. */
export interface Fault {
  readonly clause: string;
  readonly message: string;
  /** The changed state that is at fault, by its index, whose name only the core knows. */
  readonly state?: number;
}

export interface StateChange {
  /** Index of the state in the server's table entry. */
  readonly state: number;
  /** Null: delete. Valid while the command is stepped: the core copies it. */
  readonly value: Uint8Array | null;
}

export interface OutgoingMessage {
  readonly typeName: string;
  readonly id: string;
  readonly message: TypedValue;
  readonly traceparent: string;
}

export type TimerChange =
  | {
      readonly kind: "schedule";
      readonly message: OutgoingMessage;
      readonly delayMs: number;
      /** Empty: cannot be cancelled. */
      readonly token: string;
    }
  | { readonly kind: "cancel"; readonly token: string };

export interface OutgoingRecord {
  /** "namespace/name". */
  readonly egress: string;
  readonly value: TypedValue;
}

export interface OutgoingReply {
  /** Index of the input. */
  readonly input: number;
  readonly value: TypedValue;
}

export interface InvocationFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number;
  /** Inputs whose effects the result carries. */
  readonly completedInputs: number;
  /** The inputs have failed together, and nobody knows by which of them. */
  readonly isOfBatch?: boolean;
}

export type FailureCode =
  | "function"
  | "badInput"
  | "badState"
  | "timeout"
  | "overloaded"
  | "unknownFunction"
  /** Decided by the runtime: the result names what does not exist or breaks a declared type. */
  | "badResult"
  /** Decided by the runtime: the answer broke the protocol, and the stream with it. */
  | "protocolError"
  /** Decided by the runtime: the stream was lost before the result came, again and again. */
  | "streamLost"
  /** Decided by the runtime: no server offers the function type, and no module declares it. */
  | "unknownType";

/** A function asks for state inside an invocation. Answered by a StateReply effect. */
export interface StateRequestedCommand {
  readonly kind: "stateRequested";
  readonly session: number;
  readonly invocation: number;
  /** State indexes; with leaseMissing, ignored: every eager state. */
  readonly states: readonly number[];
  readonly leaseMissing: boolean;
}

/**
 * A function has not run, because the invocation lacks states that it declares. The type has them from
 * now on, as this session serves it. Answered by a StateReply with their values.
 */
export interface StatesDeclaredCommand {
  readonly kind: "statesDeclared";
  readonly session: number;
  readonly invocation: number;
  /** None of them lazy. */
  readonly states: readonly StateSpec[];
}

/** Every record of the egress up to the sequence is where it belongs. */
export interface EgressAcknowledgedCommand {
  readonly kind: "egressAcknowledged";
  readonly egress: string;
  readonly sequence: number;
  /** The sink's own measure, stored with the acknowledgement: a file's length. */
  readonly position: number;
}

/** An operator lets parked addresses try again. Answered by a Decided effect. */
export interface RetryParkedCommand {
  readonly kind: "retryParked";
  /** Chosen by the stage; unique among the decisions that are not answered yet. */
  readonly request: number;
  readonly addresses: readonly Address[];
}

/** An operator drops the first message of a parked address. Answered by a Decided effect. */
export interface DropParkedCommand {
  readonly kind: "dropParked";
  readonly request: number;
  readonly address: Address;
  /** The sequence of the message, so that a repeated command drops no other one; 0: any. */
  readonly sequence: number;
}

/** The sealed epoch is durable. */
export interface CommittedCommand {
  readonly kind: "committed";
  readonly epoch: number;
}

/** The tables hold every epoch up to this one. */
export interface FoldedCommand {
  readonly kind: "folded";
  readonly epoch: number;
}

/** A checkpoint that is complete holds every epoch up to this one. */
export interface CheckpointedCommand {
  readonly kind: "checkpointed";
  readonly epoch: number;
}
