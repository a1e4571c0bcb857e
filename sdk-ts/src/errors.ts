/** Every {@link StatewireError} carries one of these; they are stable, messages are not. */
export type StatewireErrorCode =
  /** A function, state, type, address or option is declared wrongly. */
  | "invalid-declaration"
  /** A value is not what its type takes; raised by `send`, `set`, `reply` and `egress`. */
  | "invalid-value"
  /** The message's typename or bytes are not what the function takes. */
  | "bad-input"
  /** The stored bytes of a state are not what its type takes. */
  | "bad-state"
  /** A limit of the runtime was exceeded; the message names it. */
  | "limit-exceeded"
  /** A context was used after its handler had finished. */
  | "context-closed"
  /** The stream to the runtime ended while the handler waited for it. */
  | "stream-lost"
  /** The handler did not finish within the time that the runtime waits for it. */
  | "timeout"
  /** The address to serve on cannot be bound. */
  | "bind-failed"
  /** In a test: a function failed, or a call got no reply. */
  | "test-failed";

/** What this package throws. */
export class StatewireError extends Error {
  override readonly name = "StatewireError";
  readonly code: StatewireErrorCode;

  constructor(code: StatewireErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** How a {@link FunctionFailure} is to be handled. */
export interface FunctionFailureOptions {
  /** Whether the same message may succeed when it is tried again. Default: true. */
  readonly retryable?: boolean;
  /**
   * The runtime waits at least this long before the next attempt, in milliseconds. Default: 0, which
   * leaves the wait to the runtime's backoff.
   */
  readonly retryAfterMs?: number;
  /** The error behind this one. It stays in this process. */
  readonly cause?: unknown;
}

/**
 * Thrown by a handler to fail one message on purpose. What the handler did for that message is
 * discarded; what it did for the messages before it stays. Any other error that a handler throws
 * counts as a retryable failure.
 *
 * The message is sent to the runtime and shown to its operators: keep secrets out of it.
 */
export class FunctionFailure extends Error {
  override readonly name = "FunctionFailure";
  readonly retryable: boolean;
  readonly retryAfterMs: number;

  constructor(message: string, options: FunctionFailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryable = options.retryable ?? true;
    this.retryAfterMs = Math.max(0, Math.ceil(options.retryAfterMs ?? 0));
  }
}
