import type { Logger } from "pino";
import { CheckpointThread } from "../checkpoint/checkpoint-thread.js";
import { Checkpointer } from "../checkpoint/checkpointer.js";
import { ObjectStoreError } from "../checkpoint/objectstore/object-store.js";
import { restoreAndTakeOver } from "../checkpoint/restore.js";
import type { Takeover } from "../checkpoint/takeover.js";
import { takeOver } from "../checkpoint/takeover.js";
import type { CheckpointChoice } from "../codec/checkpoint-choice.js";
import type { EpochLoop } from "../loop/epoch-loop.js";
import type { Settings } from "../settings.js";
import { createDataDirectory } from "../store/data-directory.js";
import { lockDirectory } from "../store/directory-lock.js";
import type { Store } from "../store/store.js";
import { StoreError } from "../store/store-error.js";
import { isDataDirectoryEmpty } from "../store/table-loader.js";
import {
  adviseStore,
  lineageName,
  openLineage,
  readerOptions,
  storeAccess,
  storeBackoff,
  storePatienceMs,
} from "./checkpoint-store.js";

/** How long one checkpoint is tried before it begins anew, with what has changed meanwhile. */
const patienceMs = 60_000;

/** How long a node that has its data waits for the store before it runs without. */
const startPatienceMs = 5000;

export interface CheckpointStart {
  readonly settings: Settings;
  readonly logger: Logger;
  /** What `--restore` says; null: nothing. */
  readonly restore: CheckpointChoice | null;
}

/**
 * Fills a data directory that is empty from its lineage's latest checkpoint, if there is one, or
 * from the one that is asked for. The node has taken the lineage over then.
 *
 * @returns Null: nothing was restored.
 * @throws CheckpointError; ObjectStoreError; StoreError DIRECTORY_IN_USE also when a restore is asked
 * for and the directory holds data.
 */
export async function restoreIfEmpty(options: CheckpointStart): Promise<Takeover | null> {
  const { settings, logger, restore } = options;
  const { dataDir: dataDirectory, journalSegmentBytes } = settings;
  if (!isDataDirectoryEmpty(dataDirectory)) {
    if (restore === null) return null;
    const what = `data directory ${dataDirectory} (dataDir, --data-dir) holds data`;
    const advice = `an empty one, and --checkpoint-store ${settings.checkpointStore}`;
    throw new StoreError("DIRECTORY_IN_USE", `${what}: --restore needs ${advice}`);
  }
  const waiting = { patienceMs: storePatienceMs, onRetry: logRetry(logger) };
  const lineage = openLineage(settings, lineageName(settings), waiting);
  createDataDirectory(dataDirectory);
  const lock = await lockDirectory(dataDirectory);
  try {
    if (restore === null && (await lineage.numbers()).length === 0) return null;
    const choice = restore ?? { kind: "latest" };
    const target = {
      ...{ dataDirectory, journalSegmentBytes },
      reader: readerOptions(settings, waiting),
    };
    const { report, takeover } = await adviseStore(settings, () =>
      restoreAndTakeOver(lineage, choice, target),
    );
    const { number, epoch, entries, bytes } = report;
    const durationMs = Math.round(report.durationMs);
    logger.info({ epoch, entries, bytes, durationMs }, `restored checkpoint ${number}`);
    return takeover;
  } finally {
    lineage.store.close();
    await lock.release();
  }
}

/**
 * Takes the lineage of an open data directory over. A store that does not answer is no reason not to
 * run: the lineage is taken over with the first checkpoint then.
 *
 * @throws CheckpointError FENCED when another node has gone on with the lineage.
 */
export async function takeLineageOver({
  settings,
  logger,
}: CheckpointStart): Promise<Takeover | null> {
  const waiting = { patienceMs: startPatienceMs, onRetry: logRetry(logger) };
  const lineage = openLineage(settings, lineageName(settings), waiting);
  try {
    return await takeOver(lineage, settings.dataDir);
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    logger.warn({ reason: error.message }, "the node runs without its checkpoint store");
    return null;
  } finally {
    lineage.store.close();
  }
}

function logRetry(logger: Logger): (reason: string) => void {
  return (reason) => logger.warn({ reason }, "checkpoint store: trying again");
}

/** What writes the checkpoints of a running node. */
export function createCheckpointStage(parts: {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly store: Store;
  readonly loop: EpochLoop;
  readonly takeover: Takeover | null;
  readonly onFatal: (error: Error) => void;
}) {
  const { settings, logger, store, loop, takeover, onFatal } = parts;
  const thread = new CheckpointThread(
    {
      storeUrl: settings.checkpointStore,
      access: { ...storeAccess(settings), environment: { ...process.env } },
      lineage: lineageName(settings),
      dataDirectory: settings.dataDir,
      retention: {
        countMin: settings.checkpointsKept,
        ageMs: settings.checkpointRetentionMs,
      },
      retry: { ...storeBackoff, patienceMs },
      takeover,
    },
    (message) => checkpointer.noteRetry(message),
  );
  const checkpointer: Checkpointer = new Checkpointer({
    write: (request, onSnapshot) => thread.write(request, onSnapshot),
    fold: () => loop.fold(),
    store,
    logger,
    intervalMs: settings.checkpointIntervalMs,
    bytesMax: settings.checkpointBytes,
    onComplete: (epoch) => loop.submit({ kind: "checkpointed", epoch }),
    onFatal,
  });
  return {
    checkpointer,
    /** Gives up the checkpoint under way: what it has written is removed by a later one. */
    async close(): Promise<void> {
      checkpointer.close();
      await thread.close();
    },
  };
}
