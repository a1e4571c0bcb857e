import { randomUUID } from "node:crypto";
import { formatVersion, tableNames } from "../codec/table-layout.js";
import { CheckpointError } from "./checkpoint-error.js";
import type { Lineage } from "./lineage.js";
import type { LineageRecord, Restored } from "./lineage-record.js";
import { readLineageRecord, writeLineageRecord } from "./lineage-record.js";
import type { Manifest } from "./manifest.js";

/** What a process has after it has taken its lineage over. */
export interface Takeover {
  /** The manifest that it has written; nobody has written a later one yet. */
  readonly manifest: Manifest;
  /** The lineage went back: what later manifests named must not be relied on. */
  readonly isRewound: boolean;
}

/**
 * Makes the process that has a data directory the lineage's only writer: writes a manifest that
 * names what the directory's history has, under the next number. Whoever wrote before finds its own
 * next number taken.
 *
 * @throws CheckpointError FENCED when the lineage has gone on without this directory.
 */
export async function takeOver(lineage: Lineage, dataDirectory: string): Promise<Takeover> {
  const record = readLineageRecord(dataDirectory);
  const latest = await lineage.latest();
  if (latest !== undefined) assertOwnHistory(lineage, record, latest);
  const restored = record?.restored?.number ?? latest?.number;
  const isRewound = restored !== latest?.number;
  const named = isRewound && restored !== undefined ? await lineage.read(restored) : latest;
  return claim(lineage, { dataDirectory, latest, named, restored: record?.restored ?? null });
}

/**
 * As takeOver(), for a directory that is still empty and will be filled from a checkpoint: whoever
 * wrote the lineage so far is fenced from here on, so the manifest stays the latest meanwhile.
 */
export function takeOverForRestore(
  lineage: Lineage,
  parts: { readonly dataDirectory: string; readonly latest: Manifest; readonly named: Manifest },
): Promise<Takeover> {
  return claim(lineage, { ...parts, restored: null });
}

async function claim(
  lineage: Lineage,
  parts: {
    readonly dataDirectory: string;
    readonly latest: Manifest | undefined;
    readonly named: Manifest | undefined;
    /** As in the record before: it holds until the manifest is there. */
    readonly restored: Restored | null;
  },
): Promise<Takeover> {
  const { dataDirectory, latest, named, restored } = parts;
  const incarnation = randomUUID();
  const before = latest?.incarnation ?? null;
  const forkOf = readLineageRecord(dataDirectory)?.forkOf ?? null;
  const record = { lineage: lineage.name, before, incarnation, forkOf };
  writeLineageRecord(dataDirectory, { ...record, restored });
  const manifest: Manifest = {
    format: 1,
    lineage: lineage.name,
    number: (latest?.number ?? 0) + 1,
    incarnation,
    kind: "takeover",
    createdAtMs: Date.now(),
    epoch: named?.epoch ?? 0,
    tableFormat: named?.tableFormat ?? formatVersion,
    tables: named?.tables ?? tableNames,
    runs: named?.runs ?? [],
  };
  const found = await lineage.commit(manifest);
  if (found !== manifest) throw fenced(lineage, found);
  writeLineageRecord(dataDirectory, { ...record, restored: null });
  return { manifest, isRewound: named !== latest };
}

function assertOwnHistory(
  lineage: Lineage,
  record: LineageRecord | undefined,
  latest: Manifest,
): void {
  const { incarnation } = latest;
  const isOwn = incarnation === record?.before || incarnation === record?.incarnation;
  const restored = record?.restored ?? null;
  const hasMoved =
    restored !== null && incarnation !== record?.incarnation && restored.latest !== latest.number;
  if (!isOwn || hasMoved) throw fenced(lineage, latest);
}

/** For a process that has found somebody else's manifest where its own belongs. */
export function fenced(lineage: Lineage, found: Manifest): CheckpointError {
  const when = new Date(found.createdAtMs).toISOString();
  return new CheckpointError(
    "FENCED",
    `another node has taken over the checkpoint lineage ${lineage.address}: it wrote checkpoint ` +
      `${found.number} at ${when}; what this node did since is not part of the lineage ` +
      "(restore into an empty data directory to take over, or fork with checkpoint restore --as)",
  );
}
