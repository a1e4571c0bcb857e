import type { RetryOptions } from "./failure-policy.js";

/** How a `TestApplication` behaves. */
export interface TestApplicationOptions {
  /**
   * What happens when a handler throws. "throw" (default): `settle`, `advance` and `call` reject with
   * it, and the message is dropped. "retry": as in production, it is tried again after a growing time,
   * and given up when that does not help.
   */
  readonly failures?: "throw" | "retry";
  /** With "retry": how often and how long. Default: what a runtime does when nothing is said. */
  readonly retry?: RetryOptions;
  /**
   * Functions of other servers. What is sent to them is kept for `messagesTo`;
   * what is sent to any other function that the application does not have is a failure.
   */
  readonly elsewhere?: readonly { readonly typeName: string }[];
  /** The time at the start, in milliseconds. Default: 0. */
  readonly startMs?: number;
  /** Invocations within one `settle` before it gives up on an endless cycle. Default: 100,000. */
  readonly invocationsMax?: number;
}
