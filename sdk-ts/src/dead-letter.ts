import { types } from "./types.js";

/**
 * A message that a runtime gave up and sent to a dead letter egress: all that it takes to understand
 * what went wrong and to send the message again.
 */
export interface DeadLetter {
  /** The function that the message was for, "namespace/type". */
  readonly function: string;
  readonly id: string;
  /** Who sent it; null: an ingress. */
  readonly caller: { readonly function: string; readonly id: string } | null;
  readonly typename: string;
  /** The value's bytes; absent: it has none. */
  readonly base64?: string;
  readonly traceparent?: string;
  /** As of a failure: "function", "badInput", "badState", "timeout", "badResult", "streamLost"... */
  readonly code: string;
  /** For people. */
  readonly error: string;
  /** Failed attempts. */
  readonly attempts: number;
  /** Milliseconds since the Unix epoch. */
  readonly firstFailedAtMs: number;
  readonly lastFailedAtMs: number;
}

/** The type of the records of a dead letter egress. */
export const deadLetterType = types.json<DeadLetter>("statewire/DeadLetter");
