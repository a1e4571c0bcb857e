import type { DeltaFile } from "../store/delta-file.js";
import type { Manifest, Run } from "./manifest.js";
import { objectRawBytes } from "./run-writer.js";

/** What the next checkpoint writes. */
export type CheckpointPlan =
  /** Nothing has changed since the last one. */
  | { readonly kind: "nothing" }
  | { readonly kind: "base" }
  /** One delta over these files, in the place of every run that they cover. */
  | { readonly kind: "delta"; readonly deltas: readonly DeltaFile[] };

/** A delta below this size, before compression, waits for others to be written together with. */
const smallRawBytes = 1024 * 1024;
/** So many small deltas at the end are written again as one. */
const smallRunsMax = 16;
/** Deltas together are never larger than their base, or than this. */
const deltaRawBytesMin = 64 * 1024 * 1024;
/** What a restore holds in memory: one object of each run. */
const restoreRawBytesMax = 256 * 1024 * 1024;

/**
 * Decides between a delta and a new base. `files` are the delta files at hand, an unbroken row of
 * epochs up to `epoch`.
 */
export function planCheckpoint(
  latest: Manifest,
  files: readonly DeltaFile[],
  epoch: number,
): CheckpointPlan {
  const { runs } = latest;
  if (epoch === latest.epoch && (runs.length > 0 || epoch === 0)) return { kind: "nothing" };
  const base = runs[0];
  if (base === undefined) return { kind: "base" };
  const rewritten = filesAfter(files, startOfRewrite(runs, files), epoch);
  const deltas = rewritten.length > 0 ? rewritten : filesAfter(files, latest.epoch, epoch);
  const from = deltas[0]?.fromEpoch ?? 0;
  const kept = runs.filter(({ toEpoch }) => toEpoch <= from);
  const fileBytes = deltas.reduce((bytes, file) => bytes + file.bytes, 0);
  const grown = rawBytesOf(kept.slice(1)) + fileBytes;
  const isOutgrown = grown > Math.max(deltaRawBytesMin, rawBytesOf([base]));
  const needs = kept.reduce((bytes, run) => bytes + memoryOf(run), 0);
  const isBase = deltas.length === 0 || isOutgrown || needs > restoreRawBytesMax;
  return isBase ? { kind: "base" } : { kind: "delta", deltas };
}

/** Files of epochs up to this one will not be asked for again after the manifest. */
export function releasableEpoch({ runs, epoch }: Manifest): number {
  return smallRuns(runs)[0]?.fromEpoch ?? epoch;
}

/** The epoch after which small runs are written again; -1: there are too few that files cover. */
function startOfRewrite(runs: readonly Run[], files: readonly DeltaFile[]): number {
  const starts = new Set(files.map(({ fromEpoch }) => fromEpoch));
  const small = smallRuns(runs);
  const covered = small.findIndex(({ fromEpoch }) => starts.has(fromEpoch));
  if (covered < 0 || small.length - covered < smallRunsMax) return -1;
  return small[covered]?.fromEpoch ?? -1;
}

/** The deltas at the end that are small. */
function smallRuns(runs: readonly Run[]): readonly Run[] {
  const isLarge = (run: Run) => run.kind === "base" || rawBytesOf([run]) >= smallRawBytes;
  return runs.slice(runs.findLastIndex(isLarge) + 1);
}

/** Files that lead from one epoch to the other without a gap; none, when they do not. */
function filesAfter(files: readonly DeltaFile[], from: number, to: number): readonly DeltaFile[] {
  const start = files.findIndex(({ fromEpoch }) => fromEpoch === from);
  if (start < 0 || files.at(-1)?.toEpoch !== to) return [];
  return files.slice(start);
}

function rawBytesOf(runs: readonly Run[]): number {
  return runs.flatMap(({ objects }) => objects).reduce((sum, { rawBytes }) => sum + rawBytes, 0);
}

function memoryOf(run: Run): number {
  return Math.min(rawBytesOf([run]), objectRawBytes);
}
