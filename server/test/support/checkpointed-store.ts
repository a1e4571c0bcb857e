import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WriteReport } from "../../src/checkpoint/checkpoint-writer.js";
import { CheckpointWriter } from "../../src/checkpoint/checkpoint-writer.js";
import type { Retention } from "../../src/checkpoint/garbage.js";
import { Lineage } from "../../src/checkpoint/lineage.js";
import { openLocalDirectory } from "../../src/checkpoint/objectstore/local-directory-store.js";
import { takeOver } from "../../src/checkpoint/takeover.js";
import type { ChangeSet } from "../../src/core/change-set.js";
import { openSnapshot } from "../../src/store/snapshot.js";
import { Store } from "../../src/store/store.js";
import { recordOf, rowChanges } from "./epoch-records.js";

const segmentBytes = 1024 * 1024;

const folders: string[] = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Folders that are gone when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "statewire-checkpoint-"));
  folders.push(folder);
  return folder;
}

export function localLineage(folder: string, name = "main"): Lineage {
  return new Lineage(openLocalDirectory(join(folder, "store")), name);
}

/** A store and the writer of its checkpoints, without a node around them. */
export class CheckpointedStore {
  readonly store: Store;
  readonly writer: CheckpointWriter;
  readonly #directory: string;
  #epoch: number;

  static async open(
    directory: string,
    lineage: Lineage,
    retention: Retention = { countMin: 1000, ageMs: 0 },
  ): Promise<CheckpointedStore> {
    const store = await Store.open({ directory, segmentBytes, deltaBytesMax: 64 * 1024 * 1024 });
    try {
      const takeover = await takeOver(lineage, directory);
      const whileReading = <T>(act: () => T): T => act();
      const options = { lineage, dataDirectory: directory, retention, whileReading };
      return new CheckpointedStore(store, new CheckpointWriter(options, takeover), directory);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private constructor(store: Store, writer: CheckpointWriter, directory: string) {
    this.store = store;
    this.writer = writer;
    this.#directory = directory;
    this.#epoch = store.foldedEpoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Commits an epoch of rows; null deletes one. */
  commit(rows: Readonly<Record<string, string | null>>): Promise<void> {
    return this.commitChanges(rowChanges(this.#epoch + 1, rows));
  }

  /** Commits an epoch. */
  async commitChanges(changes: ChangeSet): Promise<void> {
    this.#epoch++;
    await this.store.append(recordOf({ ...changes, epoch: this.#epoch }), this.#epoch);
  }

  async fold(): Promise<void> {
    if (this.#epoch > this.store.foldedEpoch) await this.store.fold(this.#epoch);
  }

  /** Folds, and writes a checkpoint of everything that is committed. */
  async checkpoint(): Promise<WriteReport> {
    await this.fold();
    const { deltas } = this.store;
    const report = await this.writer.write({ epoch: this.#epoch, deltas }, () => undefined);
    this.store.releaseDeltas(report.releasedEpoch);
    return report;
  }

  /** Every entry of every table, without what is the data directory's own. */
  dump(): Promise<readonly string[]> {
    return dumpTables(this.#directory);
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** Every entry of every table of a data directory, without what is its own. */
export async function dumpTables(directory: string): Promise<readonly string[]> {
  const snapshot = openSnapshot(directory);
  const entries: string[] = [];
  for (const { table, key, value } of snapshot.changes()) {
    const name = key.toString("latin1");
    if (table === "meta" && name === "nodeId") continue;
    entries.push(`${table} ${name} ${value?.toString("latin1")}`);
  }
  await snapshot.close();
  return entries;
}
