import type { Fifo } from "./fifo.js";
import type { FunctionType } from "./function-type.js";
import type { Mailbox } from "./mailbox.js";
import type { Session } from "./session.js";
import type { StateTable } from "./state-table.js";

/**
 * One function type as one session serves it.
 *
 * INVARIANT: a ready mailbox of this type on this session is in `ready` exactly once, and the
 * binding is in session.runnable when `ready` is not empty and its entry is below its limit.
 */
export interface Binding {
  readonly session: Session;
  readonly type: FunctionType;
  /** Position in the server's function table, from 0. */
  readonly entry: number;
  /** By the server's state index. Those of an open entry grow in number. */
  readonly states: BoundState[];
  /** The state indexes that go with every invocation. */
  readonly eager: number[];
  /** Shared with the other types of the same table entry, unless the entry is open. */
  readonly load: EntryLoad;
  readonly batchMax: number;
  readonly invocationTimeoutMs: number;
  readonly ready: Fifo<Mailbox>;
  runnable: boolean;
}

/** What one table entry has in flight: a wildcard entry's limit is that of all its types together. */
export interface EntryLoad {
  /** 0: no limit of its own. */
  readonly inFlightMax: number;
  inFlight: number;
  readonly bindings: Binding[];
}

export interface BoundState {
  readonly table: StateTable;
  readonly lazy: boolean;
}
