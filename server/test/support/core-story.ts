import assert from "node:assert/strict";
import type { Command } from "../../src/core/command.js";
import type { Effects } from "../../src/core/effect.js";
import { Machine } from "../../src/core/machine.js";
import type {
  CoreLimits,
  CoreOptions,
  FunctionPolicy,
  InvocationPolicy,
} from "../../src/core/options.js";
import { assertInvariants } from "./core-invariants.js";
import { CoreTables, type WrittenEpoch, writtenEpoch } from "./core-tables.js";
import { changeLines } from "./core-text.js";

/** Limits that no small test meets. A test that is about a limit sets it. */
export const wideLimits: CoreLimits = {
  batchMessagesMax: 100,
  batchBytesMax: 1_000_000,
  eagerStateBytesMax: 1_000_000,
  backlogBytesMax: 1_000_000_000,
  mailboxInMemoryMax: 100,
  outboxInMemoryMax: 100,
  outboxWindow: 100,
  outboxWindowBytes: 1_000_000,
  timersInMemoryMax: 100,
  timersInMemoryBytesMax: 1_000_000,
  idempotencyRetentionMs: 60_000,
  epochChangesMax: 1000,
  epochAgeMsMax: 10,
};

/** How a function is treated that a test does not declare. */
export const widePolicy: InvocationPolicy = {
  retry: {
    initialBackoffMs: 50,
    backoffMsMax: 10_000,
    factor: 2,
    jitter: 0.2,
    attemptsMax: 0,
    deadLetterEgress: null,
  },
  invocationTimeoutMs: 60_000,
  batchMax: 0,
};

/** When every story begins, in milliseconds since the Unix epoch. */
export const storyStartMs = 1000;

/**
 * One core with its durable side, driven step by step: the order contract of core/effect.ts is kept
 * here, each of its steps is a call, and after each the core's own rules are checked.
 */
export class Story {
  limits: CoreLimits = wideLimits;
  readonly functions: FunctionPolicy[] = [];
  readonly egresses: string[] = [];
  readonly egressesAfterCheckpoint: string[] = [];
  /** For the next start. */
  suspectRestored = false;
  readonly tables = new CoreTables();
  nowMs = storyStartMs;
  #machine: Machine | null = null;
  #sealed: WrittenEpoch | null = null;
  #isWritten = false;
  #foldTo = 0;
  #isFoldDurable = false;

  /** Made at its first use: the limits and policies are fixed then. */
  get machine(): Machine {
    this.#machine ??= this.#start();
    return this.#machine;
  }

  step(command: Command): void {
    this.machine.step(command);
    assertInvariants(this.machine);
  }

  drain(): Effects {
    const effects = this.machine.drain();
    assertInvariants(this.machine);
    return effects;
  }

  /** Lets time pass. */
  tick(ms: number): void {
    this.nowMs += ms;
    this.step({ kind: "tick", nowMs: this.nowMs });
  }

  get isSealed(): boolean {
    return this.#sealed !== null;
  }

  get isFolding(): boolean {
    return this.#foldTo > 0;
  }

  /** Ends the open epoch. Returns its changes as text. */
  seal({ beginFold }: { readonly beginFold: boolean }): string[] {
    const changes = this.machine.seal(beginFold);
    const lines = changeLines(changes, this.machine.shard);
    this.#sealed = writtenEpoch(changes);
    this.#isWritten = false;
    if (beginFold) this.#foldTo = changes.epoch;
    return lines;
  }

  /** The sealed epoch is on disk; the core does not know it yet. */
  write(): void {
    assert.ok(this.#sealed !== null, "nothing is sealed");
    if (!this.#isWritten) this.tables.write(this.#sealed);
    this.#isWritten = true;
  }

  /** Makes the sealed epoch durable, or the open one, and tells the core. */
  commit(): void {
    if (this.#sealed === null) this.seal({ beginFold: false });
    this.write();
    const epoch = this.#sealed?.epoch ?? 0;
    this.#sealed = null;
    this.step({ kind: "committed", epoch });
  }

  /** Brings the tables up to the epoch whose seal began the fold; the core does not know it yet. */
  foldTables(): void {
    assert.ok(this.#foldTo > 0, "no fold was begun");
    this.tables.fold(this.#foldTo);
    this.#isFoldDurable = true;
  }

  /** Ends the fold that was begun, or does a whole one, and tells the core. */
  fold(): void {
    if (this.#foldTo === 0) {
      if (this.isSealed) this.commit();
      this.seal({ beginFold: true });
      this.commit();
    }
    if (!this.#isFoldDurable) this.foldTables();
    const epoch = this.#foldTo;
    this.#foldTo = 0;
    this.#isFoldDurable = false;
    this.step({ kind: "folded", epoch });
  }

  /** The node dies at this instruction and starts again. Returns the epoch it goes on from. */
  crash(): number {
    this.#sealed = null;
    this.#foldTo = 0;
    this.#isFoldDurable = false;
    this.#machine = this.#start();
    assertInvariants(this.#machine);
    return this.tables.writtenEpoch;
  }

  #start(): Machine {
    const options: CoreOptions = {
      limits: this.limits,
      functions: this.functions,
      undeclaredFunctions: widePolicy,
      egresses: this.egresses,
      egressesAfterCheckpoint: this.egressesAfterCheckpoint,
      suspectRestored: this.suspectRestored,
    };
    return new Machine(options, this.tables, this.tables.restart(), this.nowMs);
  }
}
