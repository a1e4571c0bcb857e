import type { FailureCode } from "./command.js";
import type { Mailbox } from "./mailbox.js";
import type { Shard } from "./shard.js";

/** What went wrong with an address: for the log, and for nothing else. */
export interface Incident {
  /**
   * failed: another attempt follows. parked: the address waits for an operator. dropped: the message
   * went to an egress, and the address goes on.
   */
  readonly kind: "failed" | "parked" | "dropped";
  readonly typeName: string;
  readonly id: string;
  readonly code: FailureCode;
  readonly message: string;
  /** Failed attempts at the message so far, lost streams included. */
  readonly attempts: number;
  /** With failed: until the next attempt. */
  readonly delayMs: number;
}

/** Lets the log know. It may be told of what a crash then takes back. */
export function reportIncident(
  shard: Shard,
  { type, id }: Mailbox,
  incident: Omit<Incident, "typeName" | "id">,
): void {
  shard.effects.incidents.push({ typeName: type.name, id, ...incident });
}
