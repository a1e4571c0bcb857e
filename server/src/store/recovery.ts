import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { formatVersion } from "../codec/table-layout.js";
import { DeltaWriter } from "./delta-file.js";
import type { Disk } from "./disk.js";
import { readNextExpiry } from "./expiry-index.js";
import type { FoldReport } from "./fold.js";
import { foldInto } from "./fold.js";
import { NetEffect } from "./net-effect.js";
import type { Segment } from "./segment.js";
import { readSegmentHeader, segmentNumber } from "./segment.js";
import { isSpareName, spareName } from "./spare-segments.js";
import { StoreError } from "./store-error.js";
import type { Tables } from "./tables.js";
import { metaNumber, readMetaNumber } from "./tables.js";

/**
 * Segments in order. The last file is none when it was being prepared as the process died: it holds
 * nothing yet, or the header of its earlier use.
 *
 * @throws StoreError JOURNAL_CORRUPT, FORMAT_UNKNOWN
 */
export function findSegments(disk: Disk, directory: string, tables: Tables): Segment[] {
  const files = disk.names(directory);
  const names = files.filter((name) => segmentNumber(name) !== undefined).sort();
  if (names.length === 0) assertJournalNew(directory, files, foldedEpochOf(tables));
  return readSegments(disk, directory, names);
}

/** Between two uses of its files a journal has spares at least. */
function assertJournalNew(path: string, files: readonly string[], foldedEpoch: number): void {
  if (foldedEpoch === 0 || files.some(isSpareName)) return;
  throw new StoreError(
    "JOURNAL_CORRUPT",
    `${path} has no segment, and the tables hold epoch ${foldedEpoch}: the journal was removed`,
  );
}

function readSegments(disk: Disk, directory: string, names: readonly string[]): Segment[] {
  const segments: Segment[] = [];
  names.forEach((name, at) => {
    const path = join(directory, name);
    const number = segmentNumber(name) ?? 0;
    const segment = readSegmentHeader(disk, path);
    if (segment?.number === number) segments.push(segment);
    else if (at === names.length - 1 && (segment?.number ?? 0) < number) {
      // Not removed: it may be the only file that the journal has.
      disk.rename(path, join(directory, spareName(name)));
    } else {
      const found = segment === undefined ? "no header" : `the header of number ${segment.number}`;
      const next = names[at + 1];
      const where = next === undefined ? "" : `, and ${next} follows`;
      throw new StoreError("JOURNAL_CORRUPT", `${path} has ${found}${where}`);
    }
  });
  return segments;
}

export interface RecoveryParts {
  readonly disk: Disk;
  readonly tables: Tables;
  /** As in FoldRequest. */
  readonly deltas: string | null;
}

/** Brings the tables up to the last epoch that is whole. */
export function foldTail(
  { disk, tables, deltas }: RecoveryParts,
  segments: readonly Segment[],
): FoldReport {
  // A fold may have been under way when the process died.
  const net = new NetEffect(foldedEpochOf(tables), { isExact: false });
  for (const { path } of segments) {
    net.addSegment({ path, bytes: disk.read(path) }, Number.MAX_SAFE_INTEGER);
  }
  if (net.epochs > 0 || readMetaNumber(tables, "format") === undefined) {
    tables.root.transactionSync(() => {
      tables.byName.meta.putSync(Buffer.from("format"), metaNumber(formatVersion));
      if (tables.byName.meta.get(Buffer.from("nodeId")) === undefined) {
        tables.byName.meta.putSync(Buffer.from("nodeId"), Buffer.from(randomUUID()));
      }
    });
  }
  if (net.epochs === 0) {
    const nextExpiryMs = readNextExpiry(tables);
    const nothing = { epochs: 0, end: null, puts: 0, deletes: 0, durationMs: 0 };
    return { epoch: net.epoch, nextExpiryMs, ...nothing };
  }
  const fromEpoch = net.epoch - net.epochs;
  const copy = deltas === null ? undefined : new DeltaWriter(deltas, fromEpoch, net.epoch);
  return foldInto(tables, net, { expiredMs: 0, copy });
}

function foldedEpochOf(tables: Tables): number {
  return readMetaNumber(tables, "foldedEpoch") ?? 0;
}
