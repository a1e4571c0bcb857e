import { randomUUID } from "node:crypto";
import type { CheckpointChoice } from "../codec/checkpoint-choice.js";
import type { TableChange } from "../codec/record-codec.js";
import type { TableBlock } from "../store/table-block.js";
import { entryAt, packBlock } from "../store/table-block.js";
import { TableLoader } from "../store/table-loader.js";
import { BaseEntries } from "./base-entries.js";
import { CheckpointError } from "./checkpoint-error.js";
import { findCheckpoint, newestGoodCheckpoint } from "./find-checkpoint.js";
import { forkEntry } from "./fork-entry.js";
import { Lineage } from "./lineage.js";
import { writeLineageRecord } from "./lineage-record.js";
import type { Manifest, StoredObject } from "./manifest.js";
import { visitMerged } from "./merge-sources.js";
import { ObjectThread } from "./object-thread.js";
import type { ObjectThreadData } from "./object-worker.js";
import type { ReadObject } from "./run-source.js";
import { openRuns, readObject } from "./run-source.js";
import type { Takeover } from "./takeover.js";
import { takeOverForRestore } from "./takeover.js";

/** What a restore has brought back. */
export interface RestoreReport {
  readonly number: number;
  readonly epoch: number;
  readonly createdAtMs: number;
  readonly entries: number;
  /** Keys and values, as the tables hold them. */
  readonly bytes: number;
  readonly durationMs: number;
}

export interface RestoreTarget {
  /** Empty, or not there. */
  readonly dataDirectory: string;
  readonly journalSegmentBytes: number;
  /** Objects are read on a thread of its own; undefined: on this one. */
  readonly reader?: ReaderOptions | undefined;
}

export interface ReaderOptions extends Omit<ObjectThreadData, "lineage" | "isBackground"> {
  readonly onRetry: (reason: string) => void;
}

/**
 * Fills an empty data directory with the state of a checkpoint. A node that runs with it goes on in
 * the lineage, unless the lineage has gone on meanwhile; with `as`, it begins a lineage of its own.
 *
 * @throws CheckpointError CORRUPT naming the object and the newest good checkpoint, NOT_FOUND;
 * StoreError DIRECTORY_IN_USE. The directory is as empty as before then.
 */
export async function restoreCheckpoint(
  lineage: Lineage,
  choice: CheckpointChoice,
  target: RestoreTarget & { readonly as: string | null },
): Promise<RestoreReport> {
  const { dataDirectory, as } = target;
  const manifest = await findCheckpoint(lineage, choice);
  const latest = (await lineage.latest()) ?? manifest;
  const fork = as === null ? null : new Lineage(lineage.store, as);
  if (fork !== null) await assertNew(fork);
  const report = await fill(lineage, manifest, target, {
    option: "--at",
    entryOf: fork === null ? undefined : forkEntry,
  });
  writeLineageRecord(dataDirectory, {
    lineage: fork?.name ?? lineage.name,
    before: fork === null ? latest.incarnation : null,
    incarnation: randomUUID(),
    restored: fork === null ? { number: manifest.number, latest: latest.number } : null,
    forkOf: fork === null ? null : lineage.name,
  });
  return report;
}

/**
 * As restoreCheckpoint(), by a node that goes on at once: it takes the lineage over first, so that
 * what it restores is the end of the lineage, whoever wrote it.
 */
export async function restoreAndTakeOver(
  lineage: Lineage,
  choice: CheckpointChoice,
  target: RestoreTarget,
): Promise<{ readonly report: RestoreReport; readonly takeover: Takeover }> {
  const { dataDirectory } = target;
  const latest = await findCheckpoint(lineage, { kind: "latest" });
  const named = choice.kind === "latest" ? latest : await findCheckpoint(lineage, choice);
  const takeover = await takeOverForRestore(lineage, { dataDirectory, latest, named });
  const report = await fill(lineage, takeover.manifest, target, { option: "--restore" });
  return { report: { ...report, number: named.number, createdAtMs: named.createdAtMs }, takeover };
}

async function assertNew(lineage: Lineage): Promise<void> {
  if ((await lineage.numbers()).length === 0) return;
  const why = `the lineage ${lineage.address} exists already: a fork begins a new one`;
  throw new CheckpointError("FENCED", why);
}

interface Filling {
  /** Of the command line: names another checkpoint. */
  readonly option: "--at" | "--restore";
  /** What an entry of the checkpoint becomes. Absent: itself. */
  readonly entryOf?: ((change: TableChange) => TableChange) | undefined;
}

async function fill(
  lineage: Lineage,
  manifest: Manifest,
  { dataDirectory, journalSegmentBytes, reader: options }: RestoreTarget,
  { option, entryOf }: Filling,
): Promise<RestoreReport> {
  const startedAt = performance.now();
  const loader = new TableLoader(dataDirectory);
  const thread = options === undefined ? null : openThread(lineage, options);
  try {
    await load(lineage, manifest, { loader, entryOf, thread });
    await loader.finish(manifest.epoch, journalSegmentBytes);
  } catch (error) {
    await loader.abandon();
    throw await explain(lineage, manifest, { error, option });
  } finally {
    await thread?.close();
  }
  const { number, epoch, createdAtMs } = manifest;
  const { entries, bytes } = loader;
  return { number, epoch, createdAtMs, entries, bytes, durationMs: performance.now() - startedAt };
}

/** Puts what comes of all runs: the entries of the base, but where a delta has another one or none. */
async function load(
  lineage: Lineage,
  { runs, tables }: Manifest,
  parts: Pick<Filling, "entryOf"> & {
    readonly loader: TableLoader;
    /** Null: objects are read here. */
    readonly thread: ObjectThread | null;
  },
): Promise<void> {
  const { loader, entryOf, thread } = parts;
  const [base, ...deltas] = runs;
  const read: ReadObject = (object) => thread?.read(object) ?? readObject(lineage, object);
  const pack = async (object: StoredObject): Promise<TableBlock> =>
    (await thread?.pack(object, tables)) ?? packBlock(await readObject(lineage, object), tables);
  const put = (change: TableChange) => loader.put(entryOf === undefined ? change : entryOf(change));
  const entries = new BaseEntries({
    objects: base?.objects ?? [],
    read: pack,
    put: (block, from, to) => {
      if (entryOf === undefined) loader.putEntries(block, from, to);
      else for (let entry = from; entry < to; entry++) put(entryAt(block, entry));
    },
    release: (block) => {
      loader.flush();
      thread?.release(block);
    },
  });
  await visitMerged(await openRuns(lineage, { runs: deltas, tables }, read), async (versions) => {
    const [newest] = versions.changes;
    if (newest === undefined) return;
    await entries.putBefore(newest);
    if (newest.value !== null) put(newest);
  });
  await entries.putBefore(null);
}

function openThread(lineage: Lineage, { onRetry, ...data }: ReaderOptions): ObjectThread {
  return new ObjectThread({ ...data, lineage: lineage.name, isBackground: false }, onRetry);
}

/** Says what can be restored in the place of a checkpoint that is damaged. */
async function explain(
  lineage: Lineage,
  manifest: Manifest,
  { error, option }: { readonly error: unknown; readonly option: string },
): Promise<unknown> {
  if (!(error instanceof CheckpointError) || error.code !== "CORRUPT") return error;
  const good = await newestGoodCheckpoint(lineage);
  const offer =
    good === undefined
      ? "no other checkpoint is good"
      : `the newest good checkpoint is ${good.number} (${option} ${good.number})`;
  const message = `checkpoint ${manifest.number} cannot be restored: ${error.message}; ${offer}`;
  return new CheckpointError("CORRUPT", message, { cause: error });
}
