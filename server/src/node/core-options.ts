import { randomBytes } from "node:crypto";
import { entryOverheadBytes } from "../core/backlog.js";
import type { CoreOptions, RetryPolicy as CoreRetryPolicy } from "../core/options.js";
import { retryDefaults } from "../module/endpoint-schema.js";
import type { EndpointSpec, Module, RetryPolicy } from "../module/module.js";
import { egressIdsOf } from "../module/statefun/playground.js";
import type { Settings } from "../settings.js";

/** Payload of one invocation: a share of the frame, so that its state fits beside it. [LIMIT-8] */
const batchShareOfFrame = 1 / 4;
/** Enough for the next few batches; the rest of a long backlog waits in the tables. */
const mailboxInMemoryMax = 2048;
/** Records that an egress may have without an acknowledgement. */
const outboxWindow = 1024;

/** As outboxWindow, in payload bytes: a few writes of a sink. */
const outboxWindowBytes = 16 * 1024 * 1024;
/** Enough for the fastest firing between two reads; the others wait in the tables. */
const timersInMemoryMax = 8192;
const timersInMemoryBytesMax = 4 * 1024 * 1024;
/** What stays in memory of one egress, or of the timers, of all that may. */
const keptShareOfBacklog = 1 / 16;

/**
 * When an epoch is sealed that nobody waits for. Every cut writes the messages that happen to be in
 * flight, and clears them with the next one: rare cuts write little else than state. A crash takes
 * back what was done since the last cut, which nobody outside has seen.
 */
const epochChangesMax = 65_536;
const epochAgeMsMax = 100;

/** The core gives an HTTP invocation up so much later than its dispatcher does, in milliseconds. */
const httpMarginMs = 10_000;

/** So many times in a row may be chance: a machine that was switched off, a container that was moved. */
const diedMin = 3;

/** What the core is told, from what the user wrote and how often the node has died of its start. */
export function coreOptions(settings: Settings, module: Module, died: number): CoreOptions {
  const keptBytesMax = settings.backlogBytesMax * keptShareOfBacklog;
  return {
    limits: {
      batchMessagesMax: settings.batchMax,
      batchBytesMax: settings.frameBytesMax * batchShareOfFrame,
      eagerStateBytesMax: settings.frameBytesMax / 2,
      backlogBytesMax: settings.backlogBytesMax,
      mailboxInMemoryMax: Math.max(mailboxInMemoryMax, settings.batchMax),
      outboxInMemoryMax: 4 * outboxWindow,
      outboxWindow,
      outboxWindowBytes: Math.min(outboxWindowBytes, keptBytesMax),
      timersInMemoryMax: Math.min(timersInMemoryMax, Math.floor(keptBytesMax / entryOverheadBytes)),
      timersInMemoryBytesMax: Math.min(timersInMemoryBytesMax, keptBytesMax),
      idempotencyRetentionMs: settings.idempotencyRetentionMs,
      epochChangesMax,
      epochAgeMsMax,
    },
    functions: module.endpoints.flatMap((endpoint) =>
      endpoint.functions.map((pattern) => ({
        pattern,
        retry: retryPolicy(settings, endpoint.retry),
        invocationTimeoutMs: invocationTimeoutMs(endpoint, settings),
        batchMax: endpoint.batchMax ?? 0,
      })),
    ),
    undeclaredFunctions: {
      retry: retryPolicy(settings, retryDefaults),
      invocationTimeoutMs: settings.invocationTimeoutMs,
      batchMax: 0,
    },
    egresses: module.egresses.flatMap(egressIdsOf),
    egressesAfterCheckpoint: module.egresses
      .filter(({ waitFor }) => waitFor === "checkpoint")
      .flatMap(egressIdsOf),
    suspectRestored: died >= diedMin,
    hashSeed: randomBytes(4).readInt32LE(),
  };
}

/** A request over HTTP has a time of its own: its dispatcher says when that is over. */
function invocationTimeoutMs(endpoint: EndpointSpec, settings: Settings): number {
  return "transport" in endpoint
    ? endpoint.transport.callTimeoutMs + httpMarginMs
    : (endpoint.timeoutMs ?? settings.invocationTimeoutMs);
}

function retryPolicy(settings: Settings, retry: RetryPolicy): CoreRetryPolicy {
  const { initialBackoffMs, maxBackoffMs: backoffMsMax, factor, jitter, deadLetterEgress } = retry;
  const attemptsMax = retry.attemptsMax ?? settings.attemptsMax;
  return { initialBackoffMs, backoffMsMax, factor, jitter, attemptsMax, deadLetterEgress };
}
