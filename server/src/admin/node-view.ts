import type { Address } from "../core/address.js";
import type { FunctionTypeCounters } from "../core/function-type.js";
import type { Histogram } from "../core/histogram.js";
import type { Message } from "../core/message.js";
import type { ParkedReason } from "../core/park.js";

/**
 * What can be seen of a running node. node.ts implements it; metrics, health, readiness and the
 * Admin service read it.
 *
 * CALLEE: every method is synchronous, changes nothing, and answers as of now. The values may be
 * live objects: callers read them at once and keep none.
 */
export interface NodeView {
  readonly version: string;
  /** Names the node within its deployment. */
  readonly nodeId: string;
  /** Absolute. */
  readonly dataDirectory: string;
  uptimeMs(): number;
  /** False while the node reads its data after a start. Until then the other methods may be empty. */
  isRecovered(): boolean;
  /** Every function type that the node has met, in any order. */
  functionTypes(): Iterable<FunctionTypeView>;
  endpoints(): readonly EndpointView[];
  egresses(): readonly EgressView[];
  ingresses(): readonly IngressView[];
  storage(): StorageView;
  checkpoints(): CheckpointView;
  /** Delayed messages that wait. */
  timerCount(): number;
  /** Whether ingresses may read further input. */
  isAccepting(): boolean;
  /** Requests of ingresses that wait for their answer. */
  pendingRequestCount(): number;
  /** Requests by API since the start, by how they ended. */
  requestCounts(): Iterable<RequestCountView>;
  /**
   * The state of one address, in order of name, without what has expired. Undefined: the node has
   * never met the function type.
   */
  readState(typeName: string, id: string): readonly StateView[] | undefined;
  /**
   * The addresses of a type that have state, with ids greater than `afterId` (null: all), in order of id (as
   * UTF-8 bytes). Lazy: only what is taken is read. Undefined: the node has never met the type.
   */
  listState(typeName: string, afterId: string | null): Iterable<AddressStateView> | undefined;
  /** A parked address; undefined when it is not parked. */
  parked(address: Address): ParkedView | undefined;
  /**
   * Parked addresses, of one type or of all, after the given one, in an order that stays while they
   * are parked. Lazy. Undefined: the node has never met a type that is named.
   */
  listParked(typeName: string | null, after: Address | null): Iterable<ParkedView> | undefined;
}

export interface ParkedView {
  readonly address: Address;
  readonly reason: ParkedReason;
  /** The message that the address is parked for. */
  readonly message: Message;
  /** Messages behind it. */
  readonly waiting: number;
}

export interface FunctionTypeView {
  /** "namespace/type". */
  readonly name: string;
  /** Addresses with messages, or with state that a function server keeps. */
  readonly addressesActive: number;
  readonly counters: Readonly<FunctionTypeCounters>;
  /** In seconds. */
  readonly latency: Histogram;
}

/** One function server, or the attempt to reach it. */
export interface EndpointView {
  /**
   * Names the declaration in module.yaml that it belongs to; servers of one declaration stand in
   * for one another. Null: the server dialled in, nothing waits for it.
   */
  readonly endpoint: string | null;
  /** The address that is dialled, or the peer of a server that dialled in. */
  readonly address: string;
  readonly state: EndpointState;
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
  /** Name and version; empty while not known. */
  readonly sdk: string;
  /** "namespace/type" or "namespace/*". */
  readonly functions: readonly string[];
  readonly invocationsInFlight: number;
}

export type EndpointState = "connecting" | "ready" | "draining" | "backing-off" | "rejected";

export interface EgressView {
  /** "namespace/name". */
  readonly name: string;
  /** As in module.yaml; empty for one that was removed. */
  readonly kind: string;
  readonly sequenceLast: number;
  readonly sequenceAcknowledged: number;
  readonly state: EgressState;
  /** Why it is not running; else empty. */
  readonly reason: string;
}

/** All that an egress can be, in the order in which they are listed. */
export const egressStates = [
  "opening",
  "running",
  /** There are records, and nobody takes them. */
  "waiting",
  "retrying",
  /** It waits for an operator. */
  "stopped",
  "failed",
  "closed",
  /** The module does not name it any more; its records are kept. */
  "removed",
] as const;
export type EgressState = (typeof egressStates)[number];

export interface IngressView {
  /** "namespace/name". */
  readonly name: string;
  /** As in module.yaml. */
  readonly kind: string;
  /** The kind's own measure: for a file, bytes or records read. */
  readonly position: number;
  readonly state: IngressState;
  /** Why it waits or has failed; else empty. */
  readonly reason: string;
}

/** All that an ingress can be, in the order in which they are listed. */
export const ingressStates = ["waiting", "running", "done", "failed"] as const;
export type IngressState = (typeof ingressStates)[number];

export interface StorageView {
  /** The newest epoch that is durable. */
  readonly epochDurable: number;
  /** The newest epoch that the tables hold. */
  readonly epochFolded: number;
  /** Of all segments on disk. */
  readonly journalBytes: number;
  readonly journalSegments: number;
  /** Rows that had expired and were removed from the tables, since the start. */
  readonly rowsExpired: number;
}

export interface CheckpointView {
  /** Of the latest checkpoint that this process has written or found; 0: none yet. */
  readonly number: number;
  readonly epoch: number;
  /** Since it was complete, or since the node has started. */
  readonly ageMs: number;
  /** Why the next one is late; empty when it is not. */
  readonly reason: string;
  /** Of the latest one, from its begin. */
  readonly durationMs: number;
  /** Since the start, as the following ones. */
  readonly completed: number;
  readonly failures: number;
  readonly retries: number;
  readonly bytesWritten: number;
  readonly objectsRemoved: number;
  /** Changes on disk that no checkpoint holds. */
  readonly pendingBytes: number;
}

export interface RequestCountView {
  readonly api: string;
  readonly method: string;
  /** Counts by the name of a gRPC status, for example "OK". */
  byCode(): Iterable<readonly [code: string, count: number]>;
}

export interface StateView {
  readonly name: string;
  readonly typename: string;
  readonly value: Uint8Array;
  /** Milliseconds since the Unix epoch; 0: never. */
  readonly expiresAtMs: number;
}

export interface AddressStateView {
  readonly id: string;
  readonly states: readonly StateView[];
}
