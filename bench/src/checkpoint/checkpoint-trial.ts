import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CheckpointThread } from "statewire/dist/src/checkpoint/checkpoint-thread.js";
import type { WriteReport } from "statewire/dist/src/checkpoint/checkpoint-writer.js";
import { Lineage } from "statewire/dist/src/checkpoint/lineage.js";
import { openObjectStore } from "statewire/dist/src/checkpoint/objectstore/open-store.js";
import { restoreCheckpoint } from "statewire/dist/src/checkpoint/restore.js";
import { takeOver } from "statewire/dist/src/checkpoint/takeover.js";
import { Store } from "statewire/dist/src/store/store.js";
import type { Figures } from "../figures.js";
import { BusyNode } from "./busy-node.js";
import { measured } from "./measured.js";
import { empty, type StorePlace } from "./raw-store.js";
import { segmentBytes } from "./rows.js";

const retry = { patienceMs: 60_000, backoffMsMin: 100, backoffMsMax: 1000 };
/** Changed between two checkpoints: one row in so many. */
const changedShare = 20;

export interface CheckpointTrial {
  /** A data directory that is filled. */
  readonly directory: string;
  readonly place: StorePlace;
  readonly entries: number;
}

/** Bases, one beside a store that goes on committing, and a delta. They stay for measureRestore(). */
export async function measureWriting(trial: CheckpointTrial): Promise<Figures> {
  const { directory, place, entries } = trial;
  const lineage = openLineage(place);
  await empty(lineage.store, "main/");
  rmSync(join(directory, "lineage.json"), { force: true });
  const store = await Store.open({ directory, segmentBytes, deltaBytesMax: 1 << 30 });
  const takeover = await takeOver(lineage, directory);
  lineage.store.close();
  const thread = new CheckpointThread(
    {
      ...{ storeUrl: place.url, access: place.access, lineage: "main", dataDirectory: directory },
      ...{ retention: { countMin: 2, ageMs: 0 }, retry, takeover },
    },
    () => undefined,
  );
  const node = new BusyNode(store, entries);
  const changed = entries / changedShare;
  const writeBase = async (): Promise<WriteReport> => {
    // Without delta files it is no delta.
    store.releaseDeltas(store.foldedEpoch);
    return await write(thread, store, "base");
  };
  const alone = await measured(writeBase);
  await node.change(changed);
  const base = await node.watch(writeBase);
  // Among more pauses the longest is longer: watched for as long, without a checkpoint.
  const quiet = await node.watch(() => sleep(base.result.durationMs));
  await node.change(changed);
  await writeBase();
  const changedBytes = await node.change(changed);
  const delta = await write(thread, store, "delta");
  await thread.close();
  await store.close();
  return {
    writeMBps: rateOf(alone.result),
    writeCpuMsPerMB: (alone.cpuMs * 1e6) / alone.result.rawBytes,
    writeUnderLoadMBps: rateOf(base.result),
    deltaBytesPerChangedByte: delta.bytes / changedBytes,
    pauseMs: base.pauseMs,
    pauseWithoutMs: quiet.pauseMs,
    collectorMs: base.collectorMs,
    collectorWithoutMs: quiet.collectorMs,
  };
}

/** The latest checkpoint of measureWriting(), which it removes. */
export async function measureRestore({ directory, place }: CheckpointTrial): Promise<Figures> {
  const { url, access } = place;
  const lineage = openLineage(place);
  const dataDirectory = join(directory, "..", "restored");
  rmSync(dataDirectory, { recursive: true, force: true });
  const reader = { storeUrl: url, access, retry, onRetry: () => undefined };
  const target = { dataDirectory, journalSegmentBytes: segmentBytes, reader, as: null };
  const { result, cpuMs } = await measured(() =>
    restoreCheckpoint(lineage, { kind: "latest" }, target),
  );
  rmSync(dataDirectory, { recursive: true });
  await empty(lineage.store, "main/");
  lineage.store.close();
  const { bytes, durationMs } = result;
  return { restoreMBps: bytes / 1e3 / durationMs, restoreCpuMsPerMB: (cpuMs * 1e6) / bytes };
}

function openLineage({ url, access }: StorePlace): Lineage {
  return new Lineage(openObjectStore(url, access), "main");
}

async function write(
  thread: CheckpointThread,
  store: Store,
  kind: "base" | "delta",
): Promise<WriteReport> {
  const letGo = store.holdFolds();
  const report = await thread.write({ epoch: store.foldedEpoch, deltas: store.deltas }, letGo);
  if (report.kind !== kind) throw new Error(`a ${report.kind} where a ${kind} was to be measured`);
  store.releaseDeltas(report.releasedEpoch);
  return report;
}

function rateOf({ rawBytes, durationMs }: WriteReport): number {
  return rawBytes / 1e3 / durationMs;
}
