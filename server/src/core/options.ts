/** What the core is told when it is made. Values, not knobs: settings.ts has the knobs. */
export interface CoreOptions {
  readonly limits: CoreLimits;
  /** Function types that the module declares, most specific first. */
  readonly functions: readonly FunctionPolicy[];
  /** For functions that only a server's own table names. */
  readonly undeclaredFunctions: InvocationPolicy;
  /** "namespace/name" of every egress. */
  readonly egresses: readonly string[];
  /** Those of them whose records leave when a checkpoint holds them, not when the journal does. */
  readonly egressesAfterCheckpoint: readonly string[];
  /** The node has died soon after its last starts: what it restores is suspected of that. */
  readonly suspectRestored: boolean;
  /** 32 bits that nobody outside can know: ids are hashed with them. Absent: 0. */
  readonly hashSeed?: number;
}

export interface CoreLimits {
  /** Inputs of one invocation. */
  readonly batchMessagesMax: number;
  /** Bytes of one invocation's messages in a frame; a single larger one goes alone. [LIMIT-10] */
  readonly batchBytesMax: number;
  /** Eager states of one address together, in payload bytes. */
  readonly eagerStateBytesMax: number;
  /** Memory of messages, records and timers, about, in bytes. Above it, all that can leaves it. */
  readonly backlogBytesMax: number;
  /** Messages of one mailbox that stay in memory once the tables hold them. */
  readonly mailboxInMemoryMax: number;
  /** Records of one egress that stay in memory once the tables hold them. */
  readonly outboxInMemoryMax: number;
  /** Records that the egress stage may have without an acknowledgement. */
  readonly outboxWindow: number;
  /** As outboxWindow, in payload bytes. */
  readonly outboxWindowBytes: number;
  /** Delayed messages that stay in memory once the tables hold them: those that are due first. */
  readonly timersInMemoryMax: number;
  /** As timersInMemoryMax, in payload bytes. */
  readonly timersInMemoryBytesMax: number;
  /** How long an idempotency key is remembered, in milliseconds. */
  readonly idempotencyRetentionMs: number;
  /** An epoch with this many changes is sealed even if nobody waits for it. */
  readonly epochChangesMax: number;
  /** An epoch this old is sealed even if nobody waits for it, in milliseconds. */
  readonly epochAgeMsMax: number;
}

export interface FunctionPolicy extends InvocationPolicy {
  /** "namespace/type" or "namespace/*". */
  readonly pattern: string;
}

export interface InvocationPolicy {
  readonly retry: RetryPolicy;
  /** How long one invocation may take, in milliseconds. */
  readonly invocationTimeoutMs: number;
  /** Inputs of one invocation; 0: the limit of the core. */
  readonly batchMax: number;
}

export interface RetryPolicy {
  readonly initialBackoffMs: number;
  readonly backoffMsMax: number;
  readonly factor: number;
  /** Share of the backoff that varies, 0 to 1. */
  readonly jitter: number;
  /** Failed attempts at a message before it is given up; 0: no limit. */
  readonly attemptsMax: number;
  /** Where a message goes that is given up: one of CoreOptions.egresses. Null: it is parked. */
  readonly deadLetterEgress: string | null;
}
