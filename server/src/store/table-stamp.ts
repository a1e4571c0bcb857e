import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TableFile } from "./table-file.js";
import { tableFilePath } from "./table-file.js";

/** How often a start may end without a fold or a clean stop before the next one looks at all. */
const startsMax = 2;

/**
 * What the file of the tables was when this runtime wrote it last. While it is that, a start need not
 * read all of it.
 */
interface Stamp {
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** Starts since the last fold or clean stop: whoever dies again and again may do so of the file. */
  readonly starts: number;
}

/**
 * Has every page looked at before LMDB does, unless nobody else has written the file and the last
 * starts did not die early. Counts this start.
 *
 * @throws What `scan` does; the next start scans again then.
 */
export function beginStart(directory: string, file: TableFile, scan: () => void): void {
  const stamp = readStamp(directory);
  const isKnown =
    stamp !== undefined &&
    stamp.bytes === file.bytes &&
    stamp.mtimeMs === file.mtimeMs &&
    stamp.inode === file.inode;
  const isTrusted = isKnown && stamp.starts < startsMax;
  if (!isTrusted) scan();
  writeStamp(directory, { ...file, starts: isTrusted ? stamp.starts + 1 : 1 });
}

/** The file is as this runtime has just written it. `isSettled`: a fold or a clean stop, no start. */
export function stampTables(
  directory: string,
  { isSettled }: { readonly isSettled: boolean },
): void {
  const file = statSync(tableFilePath(directory), { throwIfNoEntry: false });
  if (file === undefined) return;
  const { size: bytes, mtimeMs, ino: inode } = file;
  const starts = isSettled ? 0 : (readStamp(directory)?.starts ?? 0);
  writeStamp(directory, { bytes, mtimeMs, inode, starts });
}

/** Undefined when there is none, or it is not whole. */
function readStamp(directory: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(stampPath(directory), "utf8")) as Stamp;
  } catch {
    return undefined;
  }
}

function writeStamp(directory: string, { bytes, mtimeMs, inode, starts }: Stamp): void {
  try {
    writeFileSync(stampPath(directory), JSON.stringify({ bytes, mtimeMs, inode, starts }));
  } catch {
    // Without a stamp that fits, the next start reads the whole file: slower, and as safe.
  }
}

function stampPath(directory: string): string {
  return join(directory, "stamp.json");
}
