import type { Disk } from "../../src/store/disk.js";
import { type SweepReport, sweepExpired } from "../../src/store/expiry-index.js";
import type { FoldReport } from "../../src/store/fold.js";
import { foldSlices } from "../../src/store/fold.js";
import type { FoldRequest } from "../../src/store/fold-request.js";
import { type FoldBuffer, readNetEffect } from "../../src/store/fold-request.js";
import type { Folder } from "../../src/store/store.js";
import { StoreError } from "../../src/store/store-error.js";
import type { Tables } from "../../src/store/tables.js";
import { plannedFault } from "./planned-fault.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

/** What the thread has been asked and has not begun, or is at. */
interface Task {
  readonly begin: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Folds and sweeps as the fold thread does, one request after the other; but one slice per event, so
 * that anything may happen in between.
 */
export class SimulatedFolder implements Folder {
  readonly #world: World;
  readonly #scope: Scope;
  readonly #disk: Disk;
  readonly #tables: Tables;
  readonly #buffer: FoldBuffer;
  readonly #tasks: Task[] = [];
  #isFolding = false;

  constructor(
    world: World,
    scope: Scope,
    parts: { readonly disk: Disk; readonly tables: Tables; readonly buffer: FoldBuffer },
  ) {
    this.#world = world;
    this.#scope = scope;
    this.#disk = parts.disk;
    this.#tables = parts.tables;
    this.#buffer = parts.buffer;
  }

  get isFolding(): boolean {
    return this.#isFolding;
  }

  fold(request: FoldRequest): Promise<FoldReport> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        this.#isFolding = true;
        const net = readNetEffect(this.#disk, request, this.#buffer);
        const { foldSliceMax: changesMax } = this.#world.limits;
        const { expiredMs } = request;
        this.#nextSlice(foldSlices(this.#tables, net, { changesMax, expiredMs }), resolve);
      };
      this.#ask({ begin, fail: reject });
    });
  }

  sweep(expiredMs: number): Promise<SweepReport> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        const report = sweepExpired(this.#tables, expiredMs);
        if (report.removed > 0) this.#world.faults.note("expired rows removed");
        this.#world.log.add("folder", `removes ${report.removed} rows that have expired`);
        // How long it took is not the same every time.
        resolve({ ...report, durationMs: 0 });
        this.#done();
      };
      this.#ask({ begin, fail: reject });
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #ask(task: Task): void {
    this.#tasks.push(task);
    if (this.#tasks.length === 1) this.#later("a fold or a sweep begins", task.begin);
  }

  #nextSlice(slices: Generator<void, FoldReport>, resolve: (report: FoldReport) => void): void {
    const { faults } = this.#world;
    if (faults.happens("failing fold", 300)) throw new StoreError("WRITE_FAILED", plannedFault);
    const { value, done } = slices.next();
    if (done !== true) {
      faults.note("fold in slices");
      this.#later("a fold goes on", () => this.#nextSlice(slices, resolve));
      return;
    }
    this.#isFolding = false;
    resolve(value);
    this.#done();
  }

  #done(): void {
    this.#tasks.shift();
    const [next] = this.#tasks;
    if (next !== undefined) this.#later("a fold or a sweep begins", next.begin);
  }

  #later(name: string, act: () => void): void {
    const { faults, random } = this.#world;
    const isSlow = faults.happens("slow fold", 30);
    const delayMs = isSlow ? random.between(20, 500) : random.below(3);
    this.#scope.after(delayMs, name, () => {
      try {
        act();
      } catch (error) {
        this.#tasks[0]?.fail(error);
      }
    });
  }
}
