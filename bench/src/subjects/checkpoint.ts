import { join } from "node:path";
import type { CheckpointCommands } from "../checkpoint/checkpoint-process.js";
import type { CheckpointTrial } from "../checkpoint/checkpoint-trial.js";
import type { StorePlace } from "../checkpoint/raw-store.js";
import { openS3Place } from "../checkpoint/s3-place.js";
import { openChild } from "../process/child.js";
import type { Bench, OpenSubject, Series, Subject } from "../subject.js";

const entriesOf = (bench: Bench): number => (bench.quick ? 50_000 : 1_000_000);
const rawBytesOf = (bench: Bench): number => (bench.quick ? 64e6 : 512e6);

/** Checkpoints of 1 GB of state, beside what their store can do. */
export const checkpointSubject: Subject = {
  name: "checkpoint",
  question: "How fast are checkpoints of 1 GB written and restored, and do they hold the loop up?",
  async open(bench): Promise<OpenSubject> {
    const directory = join(bench.scratchDirectory, "checkpoint", "data");
    bench.progress("filling a data directory");
    const entries = entriesOf(bench);
    await inProcess("fillDataDirectory", { directory, entries });
    const access = {
      endpoint: null,
      region: "us-east-1",
      isPathStyle: true,
      idleTimeoutMs: 30_000,
    };
    const local: StorePlace = {
      url: `file:${join(bench.scratchDirectory, "checkpoint", "kept")}`,
      access: { ...access, environment: {} },
    };
    const s3 = await openS3Place(join(bench.scratchDirectory, "checkpoint", "s3"));
    const rawTables = join(bench.scratchDirectory, "checkpoint", "raw");
    const series: readonly Series[] = [
      {
        name: "LMDB alone",
        role: "floor",
        measure: () => inProcess("measureRawTables", { directory: rawTables, entries }),
      },
      ...seriesOf(bench, "directory", { place: local, directory, entries }),
      ...(s3 === null ? [] : seriesOf(bench, "S3", { place: s3.place, directory, entries })),
    ];
    return { series, close: async () => s3?.close() };
  },
};

function seriesOf(bench: Bench, name: string, trial: CheckpointTrial): readonly Series[] {
  const { place } = trial;
  return [
    {
      name: `${name} alone`,
      role: "floor",
      measure: () => inProcess("measureRawStore", { place, bytes: rawBytesOf(bench) }),
    },
    {
      name: `checkpoints in ${name}`,
      role: "statewire",
      measure: () => inProcess("measureWriting", trial),
    },
    {
      name: `restores from ${name}`,
      role: "statewire",
      floor: "LMDB alone",
      measure: () => inProcess("measureRestore", trial),
    },
  ];
}

/** Runs one command in a process of its own. */
async function inProcess<K extends keyof CheckpointCommands>(
  command: K,
  argument: Parameters<CheckpointCommands[K]>[0],
): Promise<Awaited<ReturnType<CheckpointCommands[K]>>> {
  const entry = new URL("../checkpoint/checkpoint-process.js", import.meta.url);
  const child = await openChild<CheckpointCommands>(entry);
  try {
    return await child.call(command, ...([argument] as Parameters<CheckpointCommands[K]>));
  } finally {
    await child.close();
  }
}
