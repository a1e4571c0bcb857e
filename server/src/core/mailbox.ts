import type { Binding } from "./binding.js";
import type { FunctionType } from "./function-type.js";
import type { Message } from "./message.js";
import type { Session } from "./session.js";
import { SpillQueue } from "./spill-queue.js";

/**
 * idle: no messages; kept only while its state is leased. unplaced: no server of the type is
 * attached. ready: in its binding's ready list. inFlight: one invocation is out. backingOff: waits
 * for retryAtMs. parked: set aside until somebody decides.
 */
export type MailboxState = "idle" | "unplaced" | "ready" | "inFlight" | "backingOff" | "parked";

/**
 * The messages waiting for one address, and the one invocation in flight.
 *
 * INVARIANTS
 * - At most one invocation per address is in flight; its messages are the first `batch` of queue.
 * - state is inFlight exactly when binding.session.inFlight holds this mailbox under `invocation`.
 * - the mailbox is in the list of leases of leaseSession, and in no other; lease may be 0 there.
 * - lease is not 0 only while leaseSession is attached and its server has seen the result of that
 *   invocation, which was the last one applied to this address.
 */
export class Mailbox {
  readonly type: FunctionType;
  readonly id: string;
  readonly queue = new SpillQueue<Message>();
  state: MailboxState = "idle";
  binding: Binding | null = null;
  invocation = 0;
  batch = 0;
  /** Payload bytes of the invocation in flight. */
  bytes = 0;
  dispatchedAtMs = 0;
  deadlineMs = 0;
  /** Failed attempts at the first message. */
  attempt = 0;
  retryAtMs = 0;
  /**
   * Inputs of the next invocation; 0: as many as the limits allow. One after a refused batch
   * [RESULT-11], half of a batch that timed out; doubled with every result that consumes some.
   */
  batchLimit = 0;
  lease = 0;
  leaseSession: Session | null = null;
  /** 0: no state of the address expires. */
  leaseExpiresAtMs = 0;
  /** Neighbours in the list of leaseSession. */
  leaseOlder: Mailbox | null = null;
  leaseNewer: Mailbox | null = null;

  constructor(type: FunctionType, id: string) {
    this.type = type;
    this.id = id;
  }
}
