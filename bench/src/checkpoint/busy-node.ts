import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RecordEncoder } from "statewire/dist/src/codec/record-codec.js";
import type { Store } from "statewire/dist/src/store/store.js";
import { nameOf, RandomValues, stateTable, valueBytes } from "./rows.js";

/** Rows of one epoch. */
const epochRows = 200;
const epochsPerFold = 500;
/** Between two epochs: about 30 MB of changes a second. */
const restMs = 5;
/** The loop is watched in steps of so many milliseconds. */
const stepMs = 1;

/** How long the loop was ever held up, and how long of it by its own collector of garbage. */
export interface Pauses {
  readonly pauseMs: number;
  readonly collectorMs: number;
}

/** Commits epochs one after the other, as the loop does, and watches how long it is ever held up. */
export class BusyNode {
  readonly #store: Store;
  readonly #entries: number;
  readonly #encoder = new RecordEncoder();
  readonly #values = new RandomValues();
  #epoch: number;
  #at = 0;

  constructor(store: Store, entries: number) {
    this.#store = store;
    this.#entries = entries;
    this.#epoch = store.foldedEpoch;
  }

  async watch<T>(act: () => Promise<T>): Promise<{ readonly result: T } & Pauses> {
    collectGarbage();
    let collectorMs = 0;
    const collector = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) collectorMs = Math.max(collectorMs, duration);
    });
    const delay = monitorEventLoopDelay({ resolution: stepMs });
    // What was allocated before the watch is collected in it.
    await sleep(100);
    collector.observe({ entryTypes: ["gc"] });
    delay.enable();
    let isOver = false;
    const load = async (): Promise<void> => {
      while (!isOver) {
        await this.#commit(epochRows);
        await sleep(restMs);
      }
    };
    const loading = load();
    const result = await act();
    isOver = true;
    await loading;
    delay.disable();
    collector.disconnect();
    return { result, pauseMs: Math.max(0, delay.max / 1e6 - stepMs), collectorMs };
  }

  /** Changes so many rows. Returns what keys and values come to. */
  async change(rows: number): Promise<number> {
    for (let left = rows; left > 0; left -= epochRows) await this.#commit(epochRows);
    await this.#store.fold(this.#epoch);
    return this.#store.deltas.reduce((bytes, file) => bytes + file.bytes, 0);
  }

  async #commit(count: number): Promise<void> {
    this.#epoch++;
    const rows = Array.from({ length: count }, () => {
      this.#at = (this.#at + 7919) % this.#entries;
      return {
        table: stateTable,
        key: nameOf(this.#at),
        value: this.#values.next(valueBytes),
        expiresAtMs: 0,
        epoch: 0,
      };
    });
    const record = this.#encoder.encode({
      ...{ epoch: this.#epoch, nextSequence: 1, types: [], stateTables: [], rows, messages: [] },
      ...{ consumed: [], timersSet: [], timersCleared: [], records: [], recordsAcknowledged: [] },
    });
    await this.#store.append(record, this.#epoch);
    if (this.#epoch % epochsPerFold === 0) await this.#store.fold(this.#epoch);
  }
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
