import { CheckpointError } from "../checkpoint/checkpoint-error.js";
import type { StateDifference } from "../checkpoint/diff.js";
import { diffCheckpoints } from "../checkpoint/diff.js";
import { findCheckpoint } from "../checkpoint/find-checkpoint.js";
import type { Manifest } from "../checkpoint/manifest.js";
import { objectsOf } from "../checkpoint/manifest.js";
import type { RestoreReport } from "../checkpoint/restore.js";
import { restoreCheckpoint } from "../checkpoint/restore.js";
import type { Verification } from "../checkpoint/verify.js";
import { verifyCheckpoint } from "../checkpoint/verify.js";
import type { CheckpointChoice } from "../codec/checkpoint-choice.js";
import type { Settings } from "../settings.js";
import { createDataDirectory } from "../store/data-directory.js";
import { lockDirectory } from "../store/directory-lock.js";
import { assertDataDirectoryEmpty } from "../store/table-loader.js";
import {
  adviseStore,
  lineageName,
  openLineage,
  readerOptions,
  storePatienceMs,
} from "./checkpoint-store.js";

/** The checkpoints in a store, without a node: what the verbs about them work on. */
export function openStoredCheckpoints(settings: Settings, onRetry: (reason: string) => void) {
  const waiting = { patienceMs: storePatienceMs, onRetry };
  const lineage = openLineage(settings, lineageName(settings), waiting);
  return {
    address: lineage.address,
    list,
    verify,
    restore,
    async diff(
      before: CheckpointChoice,
      after: CheckpointChoice,
      tell: (difference: StateDifference) => Promise<void>,
    ): Promise<void> {
      const first = await findCheckpoint(lineage, before);
      const second = await findCheckpoint(lineage, after);
      await diffCheckpoints(lineage, { before: first, after: second }, tell);
    },
    close: (): void => lineage.store.close(),
  };

  async function list() {
    const listed: ReturnType<typeof toListed>[] = [];
    for (const number of await lineage.numbers()) {
      try {
        listed.push(toListed(await lineage.read(number)));
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        listed.push(toDamaged(number, error.message));
      }
    }
    return listed;
  }

  async function verify(number: number | null) {
    const numbers = number === null ? await lineage.numbers() : [number];
    const good = new Set<string>();
    const verified: ({ readonly number: number } & Omit<Verification, "manifest">)[] = [];
    for (const each of numbers) {
      const { objects, bytes, damage } = await verifyCheckpoint(lineage, each, good);
      verified.push({ number: each, objects, bytes, damage });
    }
    return verified;
  }

  async function restore(choice: CheckpointChoice, as: string | null): Promise<RestoreReport> {
    const { dataDir: dataDirectory, journalSegmentBytes } = settings;
    assertDataDirectoryEmpty(dataDirectory);
    // A directory that nothing is restored into is not made.
    await adviseStore(settings, () => findCheckpoint(lineage, choice));
    createDataDirectory(dataDirectory);
    const lock = await lockDirectory(dataDirectory);
    try {
      const reader = readerOptions(settings, waiting);
      const target = { dataDirectory, journalSegmentBytes, reader, as };
      return await restoreCheckpoint(lineage, choice, target);
    } finally {
      await lock.release();
    }
  }
}

/** `problem`: why it cannot be read; else empty. */
function toListed(manifest: Manifest) {
  const { number, kind, epoch, createdAtMs, runs } = manifest;
  const objects = objectsOf(manifest);
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const deltas = Math.max(0, runs.length - 1);
  const size = { deltas, objects: objects.length, bytes };
  return { number, kind: kind as string, epoch, createdAtMs, ...size, problem: "" };
}

function toDamaged(number: number, problem: string): ReturnType<typeof toListed> {
  const nothing = { epoch: 0, createdAtMs: 0, deltas: 0, objects: 0, bytes: 0 };
  return { number, kind: "damaged", ...nothing, problem };
}
