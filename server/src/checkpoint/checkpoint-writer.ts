import type { TableChange } from "../codec/record-codec.js";
import { formatVersion, tableNames } from "../codec/table-layout.js";
import type { DeltaFile } from "../store/delta-file.js";
import { DeltaReader } from "../store/delta-file.js";
import { openSnapshot } from "../store/snapshot.js";
import { StoreError } from "../store/store-error.js";
import { sourceOf } from "./change-source.js";
import { planCheckpoint, releasableEpoch } from "./checkpoint-plan.js";
import type { Retention } from "./garbage.js";
import { Garbage } from "./garbage.js";
import type { Lineage } from "./lineage.js";
import { objectName } from "./lineage.js";
import type { Manifest, Run } from "./manifest.js";
import { netChange, visitMerged } from "./merge-sources.js";
import { ObjectStoreError } from "./objectstore/object-store.js";
import type { ObjectPutter } from "./run-writer.js";
import { RunWriter } from "./run-writer.js";
import type { Takeover } from "./takeover.js";
import { fenced } from "./takeover.js";

/** Memory for blocks of the delta files that one checkpoint merges: a busy minute has hundreds. */
const mergeBytesMax = 8 * 1024 * 1024;
const blockBytesMax = 256 * 1024;
const blockBytesMin = 16 * 1024;

export interface CheckpointWriterOptions {
  readonly lineage: Lineage;
  readonly dataDirectory: string;
  readonly retention: Retention;
  /** Wraps whatever reads the tables, in pieces that take milliseconds. */
  readonly whileReading: <T>(act: () => T) => T;
  /** As RunWriterOptions. */
  readonly openPutter?: () => ObjectPutter;
}

export interface WriteRequest {
  /** Folded: the tables hold exactly this epoch until onSnapshot has been called. */
  readonly epoch: number;
  /** As store.deltas. */
  readonly deltas: readonly DeltaFile[];
}

/** What writing a checkpoint came to. */
export interface WriteReport {
  /** Of the latest manifest, which holds the epoch; also when nothing had changed since. */
  readonly number: number;
  readonly epoch: number;
  readonly kind: "base" | "delta" | "nothing";
  /** New objects, as stored, and what was in them. */
  readonly bytes: number;
  readonly rawBytes: number;
  /** Objects and manifests that retention has removed. */
  readonly removed: number;
  /** Why retention has removed nothing; it will try again. */
  readonly garbageError: string | null;
  /** Delta files of epochs up to this one are not needed any more. */
  readonly releasedEpoch: number;
  readonly durationMs: number;
}

/**
 * Writes the checkpoints of one process, one at a time. Begins with what takeOver() has left.
 *
 * A write that fails leaves objects that no manifest names, and the lineage as it was.
 */
export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  readonly #garbage: Garbage;
  #latest: Manifest;
  #needsBase: boolean;
  /** Never begins again: what an attempt has put is never put over by the next one. */
  #objectsPut = 0;

  constructor(options: CheckpointWriterOptions, { manifest, isRewound }: Takeover) {
    this.#options = options;
    this.#garbage = new Garbage(options.lineage, options.retention);
    this.#latest = manifest;
    this.#needsBase = isRewound;
  }

  get latest(): Manifest {
    return this.#latest;
  }

  /**
   * @param onSnapshot - Called once, when folds may go on.
   * @throws CheckpointError FENCED; ObjectStoreError; StoreError
   */
  async write(request: WriteRequest, onSnapshot: () => void): Promise<WriteReport> {
    const startedAt = performance.now();
    const plan = planCheckpoint(this.#latest, request.deltas, request.epoch);
    if (plan.kind === "nothing") {
      onSnapshot();
      await this.#assertNewest();
      return this.#report({ kind: "nothing", bytes: 0, rawBytes: 0, startedAt });
    }
    const { incarnation } = this.#latest;
    const written = { number: this.#latest.number + 1, incarnation };
    const nextName = (): string => objectName(written, this.#objectsPut++);
    const { lineage, openPutter } = this.#options;
    const writer = new RunWriter({ lineage, nextName, openPutter });
    const deltas = plan.kind === "delta" && !this.#needsBase ? plan.deltas : null;
    try {
      const runs = await (deltas === null
        ? this.#writeBase(writer, request.epoch, onSnapshot)
        : this.#addDelta(writer, deltas, onSnapshot));
      await this.#commit(runs, request.epoch);
    } finally {
      await writer.close();
    }
    this.#needsBase = false;
    const kind = this.#latest.runs.at(-1)?.kind ?? "base";
    const { bytes, rawBytes } = writer;
    return this.#report({ kind, bytes, rawBytes, startedAt });
  }

  /** The runs with one more. A file that is damaged makes the next attempt a base. */
  async #addDelta(
    writer: RunWriter,
    files: readonly DeltaFile[],
    onSnapshot: () => void,
  ): Promise<readonly Run[]> {
    const blockBytes = Math.max(blockBytesMin, Math.floor(mergeBytesMax / files.length));
    const readers = files.map(
      ({ path }) => new DeltaReader(path, Math.min(blockBytes, blockBytesMax)),
    );
    onSnapshot();
    try {
      const sources = readers.map((reader) => sourceOf(() => reader.next()));
      await visitMerged(sources, (versions) => {
        const change = netChange(versions);
        return change !== null && writer.add(change) ? writer.flush() : undefined;
      });
    } catch (error) {
      this.#needsBase ||= error instanceof StoreError && error.code === "DELTA_CORRUPT";
      throw error;
    } finally {
      for (const reader of readers) reader.close();
    }
    const objects = await writer.end();
    const fromEpoch = files[0]?.fromEpoch ?? 0;
    const toEpoch = files.at(-1)?.toEpoch ?? 0;
    const kept = this.#latest.runs.filter((run) => run.toEpoch <= fromEpoch);
    return [...kept, { kind: "delta", fromEpoch, toEpoch, objects }];
  }

  async #writeBase(
    writer: RunWriter,
    epoch: number,
    onSnapshot: () => void,
  ): Promise<readonly Run[]> {
    const { dataDirectory, whileReading } = this.#options;
    const snapshot = whileReading(() => openSnapshot(dataDirectory));
    onSnapshot();
    try {
      const changes = snapshot.changes();
      while (whileReading(() => addUntilFull(writer, changes))) await writer.flush();
    } finally {
      await snapshot.close();
    }
    const objects = await writer.end();
    return [{ kind: "base", fromEpoch: 0, toEpoch: epoch, objects }];
  }

  async #commit(runs: readonly Run[], epoch: number): Promise<void> {
    const { lineage } = this.#options;
    const manifest: Manifest = {
      ...this.#latest,
      number: this.#latest.number + 1,
      kind: "checkpoint",
      createdAtMs: Date.now(),
      epoch,
      tableFormat: formatVersion,
      tables: tableNames,
      runs,
    };
    const found = await lineage.commit(manifest);
    if (found.incarnation !== manifest.incarnation) throw fenced(lineage, found);
    this.#latest = found;
    if (found === manifest) return;
    // It was never answered. What has changed since belongs to the next number.
    const why = `checkpoint ${found.number} was complete already`;
    throw new ObjectStoreError("UNAVAILABLE", `${why}: an earlier attempt had no answer`);
  }

  /** Nothing to write is no reason to go on in a lineage that is somebody else's. */
  async #assertNewest(): Promise<void> {
    const { lineage } = this.#options;
    const next = lineage.manifestKey(this.#latest.number + 1);
    if ((await lineage.store.get(next)) === undefined) return;
    throw fenced(lineage, await lineage.read(this.#latest.number + 1));
  }

  async #report(
    done: Pick<WriteReport, "kind" | "bytes" | "rawBytes"> & { readonly startedAt: number },
  ): Promise<WriteReport> {
    const { startedAt, ...written } = done;
    const { number, epoch } = this.#latest;
    let removed = 0;
    let garbageError: string | null = null;
    try {
      removed = await this.#garbage.collect(this.#latest, Date.now());
    } catch (error) {
      garbageError = (error as Error).message;
    }
    const releasedEpoch = releasableEpoch(this.#latest);
    const durationMs = performance.now() - startedAt;
    return { ...written, number, epoch, removed, garbageError, releasedEpoch, durationMs };
  }
}

/** True: the writer is full, and there may be more. */
function addUntilFull(writer: RunWriter, changes: Iterator<TableChange>): boolean {
  for (;;) {
    const { value, done } = changes.next();
    if (done === true) return false;
    if (writer.add(value)) return true;
  }
}
