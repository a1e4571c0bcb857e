import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { makeDirectory } from "../files/make-directory.js";
import { systemDisk } from "../store/system-disk.js";

/**
 * What a data directory knows of its lineage: a small file of JSON, `lineage.json`.
 *
 * INVARIANT: an incarnation is here before a manifest bears it. So the latest manifest is of this
 * directory's own history exactly when its incarnation is one of the two.
 */
export interface LineageRecord {
  readonly lineage: string;
  /** Of the manifest that this directory's history goes on from; null: none. */
  readonly before: string | null;
  /** Of the process that has the directory, or had it last. */
  readonly incarnation: string;
  /** The directory was filled by a restore, and no process has run with it since. */
  readonly restored: Restored | null;
  /** The lineage that this one was forked from; null: none. What that one wrote is not this one's. */
  readonly forkOf: string | null;
}

export interface Restored {
  /** Of the manifest whose state the directory has. */
  readonly number: number;
  /** Of the latest manifest then: the lineage must not have gone on since. */
  readonly latest: number;
}

const schema = z.object({
  lineage: z.string(),
  before: z.string().nullable(),
  incarnation: z.string(),
  restored: z.object({ number: z.number(), latest: z.number() }).nullable(),
  forkOf: z.string().nullable().default(null),
});

/** Undefined: the directory has written no checkpoint yet. @throws Error when it cannot be read. */
export function readLineageRecord(dataDirectory: string): LineageRecord | undefined {
  const path = pathOf(dataDirectory);
  if (!existsSync(path)) return undefined;
  return schema.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** Durable when it returns. */
export function writeLineageRecord(dataDirectory: string, record: LineageRecord): void {
  makeDirectory(dataDirectory);
  const path = pathOf(dataDirectory);
  const file = openSync(`${path}.tmp`, "w");
  try {
    writeFileSync(file, `${JSON.stringify(record)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
  systemDisk.syncNames(dataDirectory);
}

function pathOf(dataDirectory: string): string {
  return join(dataDirectory, "lineage.json");
}
