import { join } from "node:path";
import { CheckpointError } from "../checkpoint/checkpoint-error.js";
import { Lineage } from "../checkpoint/lineage.js";
import { readLineageRecord } from "../checkpoint/lineage-record.js";
import type { StoreAccess } from "../checkpoint/objectstore/open-store.js";
import { openObjectStore } from "../checkpoint/objectstore/open-store.js";
import type { RetryOptions } from "../checkpoint/objectstore/retrying-store.js";
import { retryingStore } from "../checkpoint/objectstore/retrying-store.js";
import type { ReaderOptions } from "../checkpoint/restore.js";
import { type Settings, SettingsError } from "../settings.js";

/** The lineage of a node that says nothing about it. */
const lineageDefault = "main";

/** How long one call is tried by somebody who cannot go on without its answer. */
export const storePatienceMs = 30_000;

/** Between two attempts of one call. */
export const storeBackoff = { backoffMsMin: 100, backoffMsMax: 5000 };

/** What the settings say about reaching the store. */
export function storeAccess(settings: Settings): StoreAccess {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  return {
    endpoint: settings.s3Endpoint || AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || null,
    region: settings.s3Region || AWS_REGION || AWS_DEFAULT_REGION || "us-east-1",
    isPathStyle: settings.s3Addressing === "path",
    idleTimeoutMs: settings.s3TimeoutMs,
    environment: process.env,
  };
}

/** Opens the store of the settings for somebody who waits for each answer. */
export function openLineage(
  settings: Settings,
  name: string,
  { patienceMs, onRetry }: Pick<RetryOptions, "patienceMs"> & { onRetry: (reason: string) => void },
): Lineage {
  const store = openObjectStore(settings.checkpointStore, storeAccess(settings));
  const retrying = retryingStore(store, {
    ...storeBackoff,
    patienceMs,
    random: Math.random,
    onRetry: ({ message }) => onRetry(message),
    signal: new AbortController().signal,
  });
  return new Lineage(retrying, name);
}

/** How a restore's own thread reaches the store of the settings. */
export function readerOptions(
  settings: Settings,
  { patienceMs, onRetry }: Pick<RetryOptions, "patienceMs"> & { onRetry: (reason: string) => void },
): ReaderOptions {
  const access = { ...storeAccess(settings), environment: { ...process.env } };
  const retry = { ...storeBackoff, patienceMs };
  return { storeUrl: settings.checkpointStore, access, retry, onRetry };
}

/**
 * Asks the store. Where it is the default one, a folder of a data directory that is still empty, an
 * error that there is no such checkpoint says how to name another one.
 */
export async function adviseStore<T>(
  { checkpointStore, dataDir }: Settings,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const isMissing = error instanceof CheckpointError && error.code === "NOT_FOUND";
    if (!isMissing || checkpointStore !== `file:${join(dataDir, "checkpoints")}`) throw error;
    const advice = "those of another data directory: --checkpoint-store file:OTHER/checkpoints";
    throw new CheckpointError("NOT_FOUND", `${error.message}; ${advice}`);
  }
}

/** Whether a data directory was filled as a fork of another lineage. */
export function isForked(dataDirectory: string): boolean {
  return (readLineageRecord(dataDirectory)?.forkOf ?? null) !== null;
}

/**
 * The lineage that a data directory belongs to.
 * @throws SettingsError when the settings name another one.
 */
export function lineageName({ checkpointLineage, dataDir }: Settings): string {
  const recorded = readLineageRecord(dataDir)?.lineage;
  if (recorded === undefined) return checkpointLineage || lineageDefault;
  if (checkpointLineage === "" || checkpointLineage === recorded) return recorded;
  const problem = `checkpointLineage ${checkpointLineage} is not that of dataDir ${dataDir}: ${recorded}`;
  throw new SettingsError([problem], {});
}
