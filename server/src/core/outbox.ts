import type { FunctionType } from "./function-type.js";

/** A record on its way out of the node. */
export interface OutboxRecord {
  /** "namespace/name". */
  readonly egress: string;
  /** Rises by one per record of the egress, across restarts. */
  readonly sequence: number;
  readonly typename: string;
  readonly value: Uint8Array | null;
  /** Who produced it. */
  readonly sourceType: FunctionType;
  readonly sourceId: string;
  storedEpoch: number;
}
