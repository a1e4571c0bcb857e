import type { Hello } from "@statewire/protos/statewire/v1/stream.js";
import type { CoreOptions, InvocationPolicy } from "../../src/core/options.js";
import type { Random } from "../support/random.js";
import { deadEgress, egresses } from "./program.js";
import type { Lifetimes } from "./run-book.js";

/** The settings of one simulated node: small ones, so that each is met. */
export interface Limits {
  readonly core: CoreOptions;
  readonly hello: Hello;
  readonly segmentBytes: number;
  readonly foldJournalBytes: number;
  /** Changes of one transaction of a fold. */
  readonly foldSliceMax: number;
  readonly lifetimes: Lifetimes;
}

/** No time that the clock of a simulation jumps makes a key forgotten. */
const idempotencyRetentionMs = 24 * 3_600_000;

export function randomLimits(random: Random): Limits {
  return {
    core: randomCoreOptions(random),
    hello: {
      versions: [1],
      runtimeName: "",
      runtimeVersion: "",
      nodeId: "",
      limits: {
        frameBytesMax: 256 * 1024,
        valueBytesMax: 64 * 1024,
        idBytesMax: 64,
        effectsMax: 1000,
        resultCreditBytes: random.pick([1000, 20_000, 1_000_000]),
      },
      features: ["leases", "lazy-state"],
    },
    segmentBytes: random.pick([8192, 16_384, 65_536]),
    foldJournalBytes: random.pick([8_000, 60_000, 400_000]),
    foldSliceMax: random.pick([1, 5, 50]),
    lifetimes: { briefMs: random.pick([20, 200]), warmMs: random.pick([30, 300]) },
  };
}

function randomCoreOptions(random: Random): CoreOptions {
  return {
    limits: {
      batchMessagesMax: random.pick([1, 3, 10]),
      batchBytesMax: random.pick([150, 2000, 100_000]),
      eagerStateBytesMax: 100_000,
      backlogBytesMax: random.pick([1, 10_000, 60_000, 10_000_000]),
      mailboxInMemoryMax: random.pick([1, 4, 100]),
      outboxInMemoryMax: random.pick([1, 3, 100]),
      outboxWindow: random.pick([1, 4, 50]),
      outboxWindowBytes: random.pick([1, 500, 100_000]),
      timersInMemoryMax: random.pick([1, 4, 100]),
      timersInMemoryBytesMax: random.pick([300, 100_000]),
      idempotencyRetentionMs,
      epochChangesMax: random.pick([5, 50, 1000]),
      epochAgeMsMax: random.pick([2, 20, 100]),
    },
    functions: ["t/a", "w/x", "w/y"].map((pattern) => ({ pattern, ...randomPolicy(random) })),
    undeclaredFunctions: randomPolicy(random),
    egresses: [...egresses, deadEgress],
    egressesAfterCheckpoint: random.pick([[], ["e/feed"]]),
    suspectRestored: random.pick([false, true]),
  };
}

function randomPolicy(random: Random): InvocationPolicy {
  return {
    retry: {
      initialBackoffMs: 5,
      backoffMsMax: 50,
      factor: 2,
      jitter: 0.2,
      attemptsMax: random.pick([0, 0, 3]),
      deadLetterEgress: random.pick([null, deadEgress]),
    },
    invocationTimeoutMs: random.pick([300, 800]),
    batchMax: 0,
  };
}
