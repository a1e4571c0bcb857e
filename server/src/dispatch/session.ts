import type { SessionDispatch } from "../core/effect.js";

/** The stage's side of one session of the core, whatever carries it. No method throws. */
export interface DispatchSession {
  /** Unique for the life of the process, rising. */
  readonly id: number;
  /** The core has taken the table. */
  attached(): void;
  /** Invocations and state replies of one drain of the core. */
  dispatch(dispatch: SessionDispatch): void;
  /** The core refuses the session, for a clause of PROTOCOL.md. */
  fail(clause: string, message: string): void;
  /** Asks for the end: the core gives no more invocations, and says when nothing is in flight. */
  drain(reason: string): void;
  /** Nothing is in flight any more. */
  end(): void;
}
