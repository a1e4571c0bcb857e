import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CheckpointThread } from "statewire/dist/src/checkpoint/checkpoint-thread.js";
import type { WriteReport } from "statewire/dist/src/checkpoint/checkpoint-writer.js";
import { Lineage } from "statewire/dist/src/checkpoint/lineage.js";
import type { ObjectStore } from "statewire/dist/src/checkpoint/objectstore/object-store.js";
import type { StoreAccess } from "statewire/dist/src/checkpoint/objectstore/open-store.js";
import { openObjectStore } from "statewire/dist/src/checkpoint/objectstore/open-store.js";
import { restoreCheckpoint } from "statewire/dist/src/checkpoint/restore.js";
import { takeOver } from "statewire/dist/src/checkpoint/takeover.js";
import { RecordEncoder } from "statewire/dist/src/codec/record-codec.js";
import { Store } from "statewire/dist/src/store/store.js";
import { TableLoader } from "statewire/dist/src/store/table-loader.js";
import type { Figures } from "../figures.js";

/** Where checkpoints go in one series. */
export interface StorePlace {
  readonly url: string;
  readonly access: StoreAccess;
}

const stateTable = 16;
const valueBytes = 1000;
const keyBytes = 4 + 12;
const segmentBytes = 16 * 1024 * 1024;
/** As large as a checkpoint's objects before compression. */
const rawObjectBytes = 4 * 1024 * 1024;
const rawObjectsAtOnce = 4;
const retry = { patienceMs: 60_000, backoffMsMin: 100, backoffMsMax: 1000 };
/** Changed between two checkpoints: one row in so many. */
const changedShare = 20;
/** Rows of one epoch while the loop is watched. */
const epochRows = 200;

/** Larger than an object, so that none has the same bytes twice. */
const randomPool = randomBytes(16 * 1024 * 1024);

/** A data directory with `entries` rows of random bytes: nothing that compression could gain on. */
export async function fillDataDirectory(directory: string, entries: number): Promise<void> {
  const loader = new TableLoader(directory);
  for (let at = 0; at < entries; at++) {
    const key = Buffer.alloc(keyBytes);
    key.writeUInt32BE(stateTable, 0);
    key.write(nameOf(at), 4);
    loader.put({ table: "rows", key, value: rowOf() });
  }
  await loader.finish(1, segmentBytes);
}

/** What the store takes and gives when nothing but bytes are moved, as many at once as we do. */
export async function measureRawStore(place: StorePlace, bytes: number): Promise<Figures> {
  const store = openObjectStore(place.url, place.access);
  const body = randomBytes(rawObjectBytes);
  const keys = Array.from({ length: Math.ceil(bytes / rawObjectBytes) }, (_, at) => `raw/o${at}`);
  const putMs = await timed(() => inTurns(keys, (key) => store.put(key, body)));
  const getMs = await timed(() => inTurns(keys, (key) => store.get(key)));
  await inTurns(keys, (key) => store.delete(key));
  store.close();
  const total = keys.length * rawObjectBytes;
  return { putMBps: total / 1e3 / putMs, getMBps: total / 1e3 / getMs };
}

/** Two bases, one beside a store that goes on committing, a delta and a restore of a data directory. */
export async function measureCheckpoint(
  directory: string,
  place: StorePlace,
  entries: number,
): Promise<Figures> {
  const lineage = new Lineage(openObjectStore(place.url, place.access), "main");
  rmSync(join(directory, "lineage.json"), { force: true });
  const store = await Store.open({ directory, segmentBytes, deltaBytesMax: 1 << 30 });
  const takeover = await takeOver(lineage, directory);
  const thread = new CheckpointThread(
    {
      ...{ storeUrl: place.url, access: place.access, lineage: "main", dataDirectory: directory },
      ...{ retention: { countMin: 2, ageMs: 0 }, retry, takeover },
    },
    () => undefined,
  );
  const node = new BusyNode(store, entries);
  const alone = await writeCheckpoint(thread, store);
  collectGarbage();
  const quiet = await node.watch(() => sleep(3000));
  await node.change(epochRows);
  // Without its delta files the next checkpoint is a base again.
  store.releaseDeltas(store.foldedEpoch);
  const base = await node.watch(() => writeCheckpoint(thread, store));
  const changed = await node.change(Math.ceil(entries / changedShare));
  const delta = await writeCheckpoint(thread, store);
  await thread.close();
  await store.close();
  const restored = await restore(lineage, place, join(directory, "..", "restored"));
  await empty(lineage.store, "main/");
  lineage.store.close();
  return {
    writeMBps: rateOf(alone),
    writeUnderLoadMBps: rateOf(base.result),
    restoreMBps: restored.bytes / 1e3 / restored.durationMs,
    deltaBytesPerChangedByte: delta.bytes / changed,
    pauseMs: base.pauseMs,
    pauseWithoutMs: quiet.pauseMs,
  };
}

/** Commits epochs one after the other, as the loop does, and watches how long it is ever held up. */
class BusyNode {
  readonly #store: Store;
  readonly #entries: number;
  readonly #encoder = new RecordEncoder();
  #epoch: number;
  #at = 0;
  #from = 0;

  constructor(store: Store, entries: number) {
    this.#store = store;
    this.#entries = entries;
    this.#epoch = store.foldedEpoch;
  }

  async watch<T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly pauseMs: number }> {
    let isOver = false;
    let pauseMs = 0;
    let lastMs = performance.now();
    const watching = setInterval(() => {
      const nowMs = performance.now();
      pauseMs = Math.max(pauseMs, nowMs - lastMs - 1);
      lastMs = nowMs;
    }, 1);
    const load = async (): Promise<void> => {
      while (!isOver) {
        await this.#commit(epochRows);
        await sleep(5);
      }
    };
    const loading = load();
    const result = await act();
    isOver = true;
    await loading;
    clearInterval(watching);
    return { result, pauseMs };
  }

  /** Changes so many rows. Returns what keys and values come to. */
  async change(rows: number): Promise<number> {
    for (let left = rows; left > 0; left -= epochRows) await this.#commit(epochRows);
    await this.#store.fold(this.#epoch);
    return this.#store.deltas.reduce((bytes, file) => bytes + file.bytes, 0);
  }

  /** Random bytes, without memory of their own: what is measured is the node, not this load's garbage. */
  #nextValue(): Buffer {
    this.#from = (this.#from + valueBytes + 7) % (randomPool.length - valueBytes);
    return randomPool.subarray(this.#from, this.#from + valueBytes);
  }

  async #commit(count: number): Promise<void> {
    this.#epoch++;
    const rows = Array.from({ length: count }, () => {
      this.#at = (this.#at + 7919) % this.#entries;
      return {
        table: stateTable,
        key: nameOf(this.#at),
        value: this.#nextValue(),
        expiresAtMs: 0,
        epoch: 0,
      };
    });
    const record = this.#encoder.encode({
      ...{ epoch: this.#epoch, nextSequence: 1, types: [], stateTables: [], rows, messages: [] },
      ...{ consumed: [], timersSet: [], timersCleared: [], records: [], recordsAcknowledged: [] },
    });
    await this.#store.append(record, this.#epoch);
    if (this.#epoch % 500 === 0) await this.#store.fold(this.#epoch);
  }
}

/** What filling and restoring have left is not a node's, and costs pauses that are not its own. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

async function writeCheckpoint(thread: CheckpointThread, store: Store): Promise<WriteReport> {
  const letGo = store.holdFolds();
  const report = await thread.write({ epoch: store.foldedEpoch, deltas: store.deltas }, letGo);
  store.releaseDeltas(report.releasedEpoch);
  return report;
}

function rateOf({ kind, rawBytes, durationMs }: WriteReport): number {
  if (kind !== "base") throw new Error(`a ${kind} where a base was to be measured`);
  return rawBytes / 1e3 / durationMs;
}

async function restore(lineage: Lineage, { url, access }: StorePlace, dataDirectory: string) {
  rmSync(dataDirectory, { recursive: true, force: true });
  const reader = { storeUrl: url, access, retry, onRetry: () => undefined };
  const target = { dataDirectory, journalSegmentBytes: segmentBytes, reader, as: null };
  const report = await restoreCheckpoint(lineage, { kind: "latest" }, target);
  rmSync(dataDirectory, { recursive: true });
  return report;
}

async function empty(store: ObjectStore, prefix: string): Promise<void> {
  for (;;) {
    const { objects } = await store.list(prefix, "");
    if (objects.length === 0) return;
    await inTurns(
      objects.map(({ key }) => key),
      (key) => store.delete(key),
    );
  }
}

async function inTurns(
  keys: readonly string[],
  act: (key: string) => Promise<unknown>,
): Promise<void> {
  const pending = keys.values();
  const work = async (): Promise<void> => {
    for (const key of pending) await act(key);
  };
  await Promise.all(Array.from({ length: rawObjectsAtOnce }, work));
}

async function timed(act: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await act();
  return performance.now() - startedAtMs;
}

function nameOf(at: number): string {
  return String(at).padStart(keyBytes - 4, "0");
}

/** A row that never expires. */
function rowOf(): Buffer {
  return Buffer.concat([Buffer.alloc(1), randomBytes(valueBytes)]);
}
