import type { Logger } from "pino";
import type { DeltaFile } from "../store/delta-file.js";
import { WriteFailedError } from "./checkpoint-thread.js";
import type { WriteReport, WriteRequest } from "./checkpoint-writer.js";

export interface CheckpointerOptions {
  /** As CheckpointThread.write(). */
  readonly write: (request: WriteRequest, onSnapshot: () => void) => Promise<WriteReport>;
  /** Brings the tables up to everything decided so far. */
  readonly fold: () => Promise<number>;
  readonly store: {
    readonly foldedEpoch: number;
    readonly deltas: readonly DeltaFile[];
    releaseDeltas(epoch: number): void;
    holdFolds(): () => void;
  };
  readonly logger: Logger;
  /** Between the beginnings of two checkpoints. */
  readonly intervalMs: number;
  /** Delta files that the next checkpoint takes along, at which it begins early. */
  readonly bytesMax: number;
  /** The latest checkpoint that exists holds every epoch up to this one. */
  readonly onComplete: (epoch: number) => void;
  /** The node must not go on. Called once. */
  readonly onFatal: (error: Error) => void;
}

/** What metrics and inspection show. */
export interface CheckpointStatus {
  /** Of the latest checkpoint that this process knows; 0: none yet. */
  readonly number: number;
  readonly epoch: number;
  /** Since the latest one was complete, or since the start. */
  readonly ageMs: number;
  /** Why the next one is late; empty when it is not. */
  readonly reason: string;
  readonly durationMs: number;
  readonly completed: number;
  readonly failures: number;
  readonly retries: number;
  readonly bytesWritten: number;
  readonly objectsRemoved: number;
  /** Changes on disk that no checkpoint holds yet. */
  readonly pendingBytes: number;
}

/** How long after the start the first checkpoint begins, or earlier where the interval is shorter. */
const firstAfterMs = 5000;

/** How long after a failure the next attempt begins. */
const retryAfterMs = 2000;

/** Failures that no later attempt can be without. */
const fatalCodes: ReadonlySet<string> = new Set(["BUG", "FENCED", "TABLES_CORRUPT"]);

/**
 * Decides when checkpoints are written: after an interval, after so many changed bytes, and when
 * somebody asks. One at a time. While the store does not answer, checkpoints are late and everything
 * else goes on.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #isRunning = false;
  #isAsked = false;
  #isClosed = false;
  #report: WriteReport | null = null;
  #completedAtMs = performance.now();
  #reason = "";
  #completed = 0;
  #failures = 0;
  #retries = 0;
  #bytesWritten = 0;
  #objectsRemoved = 0;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /**
   * The first checkpoint comes soon, since until then a lost disk loses everything, but not in the
   * first moments of a node, which have enough to do: its thread alone takes a tenth of a second of CPU.
   */
  start(): void {
    const waitMs = Math.min(firstAfterMs, this.#options.intervalMs);
    this.#timer = setTimeout(() => this.#begin(), waitMs);
  }

  status(): CheckpointStatus {
    const { deltas } = this.#options.store;
    const epoch = this.#report?.epoch ?? 0;
    return {
      number: this.#report?.number ?? 0,
      epoch,
      ageMs: performance.now() - this.#completedAtMs,
      reason: this.#reason,
      durationMs: this.#report?.durationMs ?? 0,
      completed: this.#completed,
      failures: this.#failures,
      retries: this.#retries,
      bytesWritten: this.#bytesWritten,
      objectsRemoved: this.#objectsRemoved,
      pendingBytes: bytesAfter(deltas, epoch),
    };
  }

  /** Resolves when a checkpoint holds everything decided before the call. */
  async create(): Promise<WriteReport> {
    // One that is under way may have folded before the call.
    for (let left = this.#isRunning ? 2 : 1; left > 0 && !this.#isClosed; left--) {
      await this.#next();
    }
    if (this.#isClosed || this.#report === null) throw new Error("the node stops");
    return this.#report;
  }

  /** The tables have changed: there may be enough for a checkpoint. */
  noteFold(): void {
    const { bytesMax, store } = this.#options;
    if (bytesAfter(store.deltas, this.#report?.epoch ?? 0) >= bytesMax) this.#begin();
  }

  /** The store did not answer, and is asked again. */
  noteRetry(message: string): void {
    this.#retries++;
    this.#noteLate(message);
  }

  /** Begins no more. The one under way is up to who closes the thread. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#wake();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#isClosed) return;
    if (this.#isRunning) {
      this.#isAsked ||= this.#waiting.size > 0;
      return;
    }
    this.#isRunning = true;
    this.#isAsked = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    void this.#run();
  }

  async #run(): Promise<void> {
    const startedAtMs = performance.now();
    let waitMs = retryAfterMs;
    try {
      this.#complete(await this.#write());
      waitMs = Math.max(0, this.#options.intervalMs - (performance.now() - startedAtMs));
    } catch (error) {
      this.#fail(error);
    }
    this.#isRunning = false;
    if (this.#isClosed) return;
    if (this.#isAsked) this.#begin();
    else this.#timer = setTimeout(() => this.#begin(), waitMs);
  }

  async #write(): Promise<WriteReport> {
    const { fold, store, write } = this.#options;
    await fold();
    // No turn of the loop lies between the end of the fold and this.
    const letGo = store.holdFolds();
    return write({ epoch: store.foldedEpoch, deltas: store.deltas }, letGo);
  }

  #complete(report: WriteReport): void {
    const { logger, onComplete, store } = this.#options;
    this.#report = report;
    this.#completedAtMs = performance.now();
    this.#bytesWritten += report.bytes;
    this.#objectsRemoved += report.removed;
    store.releaseDeltas(report.releasedEpoch);
    if (report.kind !== "nothing") {
      this.#completed++;
      const { number, epoch, kind, bytes } = report;
      const durationMs = Math.round(report.durationMs);
      logger.debug({ number, epoch, kind, bytes, durationMs }, "checkpoint complete");
    }
    if (report.garbageError !== null) {
      logger.warn({ reason: report.garbageError }, "old checkpoints are not removed");
    }
    if (this.#reason !== "")
      logger.info({ number: report.number }, "checkpoints are written again");
    this.#reason = "";
    onComplete(report.epoch);
    this.#wake();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const failure = error instanceof Error ? error : new Error(String(error));
    if (failure instanceof WriteFailedError && !fatalCodes.has(failure.code)) {
      this.#failures++;
      this.#noteLate(failure.message);
      return;
    }
    this.close();
    this.#options.onFatal(failure);
  }

  /** One line when it begins; how long it lasts is in the metrics. */
  #noteLate(reason: string): void {
    if (this.#reason === "") {
      this.#options.logger.warn({ reason }, "checkpoints are late: the store does not take them");
    }
    this.#reason = reason;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

function bytesAfter(deltas: readonly DeltaFile[], epoch: number): number {
  return deltas.reduce((sum, { toEpoch, bytes }) => (toEpoch > epoch ? sum + bytes : sum), 0);
}
