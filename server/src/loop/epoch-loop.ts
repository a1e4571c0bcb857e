import type { CommitReport } from "../commit/committer.js";
import { waitingBytes } from "../core/backlog.js";
import type { ChangeSet } from "../core/change-set.js";
import type { Command } from "../core/command.js";
import type { Effects } from "../core/effect.js";
import type { Machine } from "../core/machine.js";
import { isLoaded, isPiledUp } from "../core/spill.js";
import type { SweepReport } from "../store/expiry-index.js";
import type { FoldReport } from "../store/fold.js";
import type { Clock, Wakeup } from "./clock.js";
import { FoldSchedule } from "./fold-schedule.js";
import { SweepSchedule } from "./sweep-schedule.js";

/** The durable side, as the loop drives it. */
export interface Durability {
  /** Encodes before it returns; resolves when the epoch is durable. */
  commit(changes: ChangeSet): Promise<CommitReport>;
  /** Brings the tables up to a durable epoch. Rows that expired by the time may be dropped. */
  fold(toEpoch: number, expiredMs: number): Promise<FoldReport>;
  /** Removes some of the rows in the tables that expired by the time. */
  sweep(expiredMs: number): Promise<SweepReport>;
}

export interface EpochLoopOptions {
  readonly machine: Machine;
  readonly durability: Durability;
  readonly clock: Clock;
  /** Lets effects leave, by the order contract of core/effect.ts. */
  readonly release: (effects: Effects) => void;
  /** The node's backlog has passed its limit, or is below it again. */
  readonly onAccepting: (accepting: boolean) => void;
  readonly onCommit: (report: CommitReport) => void;
  readonly onFold: (report: FoldReport) => void;
  /** The node cannot go on: it stops, and keeps its data. Called once. */
  readonly onFatal: (error: unknown) => void;
  /** When the first row in the tables expires, in milliseconds since the Unix epoch; null: none. */
  readonly nextExpiryMs: number | null;
  /** Memory of messages at which ingress is slowed: waitingBytes(). */
  readonly backlogBytesMax: number;
  /** Journal that is not in the tables yet at which ingress is slowed, in bytes. */
  readonly foldJournalBytes: number;
}

/**
 * The one place where time passes and the core is stepped.
 *
 * A command is stepped as it comes. What follows from it leaves in a turn, which runs once after
 * everything that has arrived at the same moment: so frames fill and epochs gather by themselves.
 * One commit is under way at a time; the next epoch collects meanwhile.
 */
export class EpochLoop {
  readonly #options: EpochLoopOptions;
  readonly #folds: FoldSchedule;
  readonly #sweeps: SweepSchedule;
  #turnScheduled = false;
  #committing = false;
  #foldingTo = 0;
  #accepting = true;
  #wakeup: Wakeup | null = null;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  /** The core has asked for this moment, which the last tick may have been as well. */
  #wakes = false;
  #stopped = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: EpochLoopOptions) {
    this.#options = options;
    this.#folds = new FoldSchedule(options.foldJournalBytes);
    this.#sweeps = new SweepSchedule(options.nextExpiryMs);
    this.#scheduleTurn();
  }

  /** Steps a command. What it causes leaves in the next turn. */
  readonly submit = (command: Command): void => {
    if (this.#stopped) return;
    try {
      if (!this.#turnScheduled || isTimed(command)) this.#tick();
      this.#options.machine.step(command);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#scheduleTurn();
  };

  /** Resolves when everything decided so far is durable and released. */
  async flush(): Promise<void> {
    while (!this.#stopped && (this.#committing || this.#options.machine.isDirty)) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
        this.#beginCommit();
        this.#scheduleTurn();
      });
    }
  }

  /**
   * Brings the tables up to everything decided so far.
   * @returns The epoch that they hold then.
   * @throws Error when the loop stops before.
   */
  async fold(): Promise<number> {
    const { machine } = this.#options;
    const epoch = machine.isDirty ? machine.shard.epoch.epoch : machine.shard.epoch.epoch - 1;
    while (machine.shard.foldedEpoch < epoch) {
      if (this.#stopped) throw new Error("the node stops");
      this.#folds.hurry();
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
        this.#beginCommit();
        this.#scheduleTurn();
      });
    }
    return machine.shard.foldedEpoch;
  }

  /** Steps nothing more. A commit under way still ends. */
  async stop(): Promise<void> {
    while (this.#committing || this.#foldingTo > 0 || this.#sweeps.isUnderWay) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
    this.#stopped = true;
    this.#wakeup?.cancel();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled || this.#stopped) return;
    this.#turnScheduled = true;
    this.#options.clock.soon(() => this.#turn());
  }

  #turn(): void {
    this.#turnScheduled = false;
    if (this.#stopped) return;
    const { machine, release } = this.#options;
    try {
      this.#tick();
      release(machine.drain());
      if (isLoaded(machine.shard)) this.#folds.hurry();
      if (!this.#committing && (machine.wantsCommit || this.#wantsFold)) this.#beginCommit();
      if (this.#foldingTo === 0 && this.#sweeps.isDue(machine.shard.nowMs)) this.#sweep();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#updateAccepting();
    this.#armWakeup();
  }

  #tick(): void {
    const { clock, machine } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs === machine.shard.nowMs && !this.#wakes) return;
    this.#wakes = false;
    machine.step({ kind: "tick", nowMs });
  }

  get #wantsFold(): boolean {
    const { clock, machine } = this.#options;
    if (this.#foldingTo > 0) return false;
    const { shard } = machine;
    return this.#folds.isDue(clock.nowMs(), shard.overlay.youngCount, isPiledUp(shard));
  }

  /** Seals the open epoch, or an empty one to begin a fold with. */
  #beginCommit(): void {
    const { machine, durability } = this.#options;
    const beginFold = this.#wantsFold;
    if (this.#committing || !(machine.isDirty || beginFold)) return;
    const changes = machine.seal(beginFold);
    if (beginFold) {
      this.#foldingTo = changes.epoch;
      this.#folds.begun();
    }
    this.#committing = true;
    durability.commit(changes).then(
      (report) => this.#committed(report),
      (error: unknown) => this.#fail(error),
    );
  }

  #committed(report: CommitReport): void {
    const { machine, clock, onCommit } = this.#options;
    this.#committing = false;
    onCommit(report);
    if (this.#foldingTo === report.epoch) this.#fold(report.epoch);
    else this.#folds.wrote(report.bytes, clock.nowMs());
    this.#wakeIdleWaiters();
    try {
      machine.step({ kind: "committed", epoch: report.epoch });
    } catch (error) {
      this.#fail(error);
      return;
    }
    // At once, not in a turn of its own: somebody waits for what this epoch lets out.
    this.#turn();
  }

  #fold(epoch: number): void {
    const { durability, machine } = this.#options;
    durability.fold(epoch, machine.readsFromMs).then(
      (report) => {
        this.#foldingTo = 0;
        this.#folds.ended();
        this.#sweeps.noteExpiry(report.nextExpiryMs);
        // First of all: whoever hears of it may want the next one at once.
        this.submit({ kind: "folded", epoch: report.epoch });
        this.#options.onFold(report);
        this.#wakeIdleWaiters();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #sweep(): void {
    const { durability, machine, clock } = this.#options;
    this.#sweeps.begun();
    durability.sweep(machine.readsFromMs).then(
      (report) => {
        this.#sweeps.ended(report, clock.nowMs());
        this.#wakeIdleWaiters();
        if (!this.#stopped) this.#armWakeup();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #updateAccepting(): void {
    const { machine, backlogBytesMax, onAccepting } = this.#options;
    const waiting = waitingBytes(machine.shard);
    // Half the limit is the way back, so that ingress does not flutter.
    const limit = this.#accepting ? backlogBytesMax : backlogBytesMax / 2;
    const accepting = waiting < limit && !this.#folds.isBehind;
    if (accepting === this.#accepting) return;
    this.#accepting = accepting;
    onAccepting(accepting);
  }

  #armWakeup(): void {
    const { machine, clock } = this.#options;
    const coreAtMs = machine.nextWakeMs ?? Number.POSITIVE_INFINITY;
    const wakeAtMs = Math.min(coreAtMs, this.#folds.nextDueMs, this.#sweeps.nextDueMs);
    if (wakeAtMs === this.#wakeAtMs) return;
    this.#wakeup?.cancel();
    this.#wakeup = null;
    this.#wakeAtMs = wakeAtMs;
    if (wakeAtMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.max(0, Math.min(wakeAtMs - clock.nowMs(), 0x7fff_ffff));
    this.#wakeup = clock.wakeAfter(delayMs, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#wakeup = null;
      this.#wakes = true;
      this.#turn();
    });
  }

  #wakeIdleWaiters(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#committing = false;
    this.#foldingTo = 0;
    this.#sweeps.abandoned();
    this.#wakeup?.cancel();
    this.#wakeIdleWaiters();
    this.#options.onFatal(error);
  }
}

/**
 * Whether the moment at which the command is stepped means something. Messages come by the hundred
 * between two turns, which have the time anyhow: to ask the clock for each costs as much as to take it.
 */
function isTimed(command: Command): boolean {
  return command.kind !== "send" || command.delayMs > 0 || command.once?.kind === "key";
}
