import type { InspectResponse } from "@statewire/protos/statewire/v1/admin.js";

/** What a node still has to do. */
export interface Activity {
  /** Ingresses that have not come to the end of their input. */
  readonly ingressesOpen: number;
  readonly messagesWaiting: number;
  readonly invocationsInFlight: number;
  readonly timers: number;
  /** Egress records that are not yet where they belong. */
  readonly recordsWaiting: number;
}

/**
 * Adds up what the node's parts say.
 *
 * @throws Error when a part will not go on by itself: an ingress has failed, or an address is
 * parked.
 */
export function activityOf(status: InspectResponse): Activity {
  for (const ingress of status.ingresses) {
    if (ingress.state === "failed") {
      throw new Error(`ingress ${ingress.name} has failed: ${ingress.reason}`);
    }
  }
  for (const type of status.functions) {
    if (type.addressesParked > 0) {
      throw new Error(`${type.addressesParked} addresses of ${type.typeName} are parked`);
    }
  }
  return {
    ingressesOpen: status.ingresses.filter(({ state }) => state !== "done").length,
    messagesWaiting: sum(status.functions.map((type) => type.messagesWaiting)),
    invocationsInFlight: sum(status.functions.map((type) => type.invocationsInFlight)),
    timers: status.timers,
    recordsWaiting: sum(
      status.egresses.map((egress) => egress.sequenceLast - egress.sequenceAcknowledged),
    ),
  };
}

/** Whether nothing will happen any more unless something comes in from outside. */
export function isSettled(activity: Activity): boolean {
  return Object.values(activity).every((count) => count === 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
