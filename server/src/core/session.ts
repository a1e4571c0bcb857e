import type { Binding, EntryLoad } from "./binding.js";
import type { FunctionSpec, SessionWindow } from "./command.js";
import type { Invocation, StateReply } from "./effect.js";
import { Flights } from "./flights.js";
import type { FunctionType } from "./function-type.js";
import { LeaseList } from "./lease-list.js";
import { Quarantine } from "./quarantine.js";
import { Sightings } from "./sightings.js";

/**
 * One attached stream to a function server.
 *
 * INVARIANT: bytesInFlight is the sum of `bytes` of the mailboxes in inFlight.
 */
export class Session {
  readonly id: number;
  readonly functions: readonly FunctionSpec[];
  readonly leasesMax: number;
  readonly bindings = new Map<FunctionType, Binding>();
  /** By table entry. */
  readonly loads: readonly EntryLoad[];
  window: SessionWindow;
  draining = false;
  /** The stage was told that a drain has ended, or the stream is gone already. */
  drained = false;
  /** By invocation id. */
  readonly inFlight = new Flights();
  bytesInFlight = 0;
  nextInvocation = 1;
  /** Bindings with something ready and room for it. */
  runnable: Binding[] = [];
  readonly quarantine = new Quarantine();
  /** Mailboxes whose state the server keeps. */
  readonly leases = new LeaseList();
  /** Addresses that were sent without a lease, when few more can be kept. */
  readonly sightings: Sightings;
  /** What the next drain of the machine hands out. */
  invocations: Invocation[] = [];
  stateReplies: StateReply[] = [];

  constructor(
    id: number,
    functions: readonly FunctionSpec[],
    window: SessionWindow,
    leases: number,
  ) {
    this.id = id;
    this.functions = functions;
    this.loads = functions.map(({ inFlightMax }) => ({ inFlightMax, inFlight: 0, bindings: [] }));
    this.window = window;
    this.leasesMax = leases;
    this.sightings = new Sightings(leases);
  }

  get hasRoom(): boolean {
    return (
      !this.draining &&
      this.inFlight.size < this.window.invocations &&
      this.bytesInFlight < this.window.bytes
    );
  }
}
