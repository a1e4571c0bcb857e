import { join } from "node:path";
import {
  fillDataDirectory,
  measureCheckpoint,
  measureRawStore,
  type StorePlace,
} from "../checkpoint/checkpoint-trial.js";
import { openS3Place } from "../checkpoint/s3-place.js";
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
    await fillDataDirectory(directory, entriesOf(bench));
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
    const series = [
      ...seriesOf(bench, { name: "directory", place: local, directory }),
      ...(s3 === null ? [] : seriesOf(bench, { name: "S3", place: s3.place, directory })),
    ];
    return { series, close: async () => s3?.close() };
  },
};

function seriesOf(
  bench: Bench,
  { name, place, directory }: { name: string; place: StorePlace; directory: string },
): readonly Series[] {
  return [
    {
      name: `${name} alone`,
      role: "floor",
      measure: () => measureRawStore(place, rawBytesOf(bench)),
    },
    {
      name: `checkpoints in ${name}`,
      role: "statewire",
      measure: () => measureCheckpoint(directory, place, entriesOf(bench)),
    },
  ];
}
