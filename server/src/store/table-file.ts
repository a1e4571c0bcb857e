import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "./store-error.js";

/**
 * LMDB's file begins with two pages that say where everything else is; the one with the higher
 * transaction counts. LMDB trusts them and the file's length: it maps the file, and a damaged one
 * ends the process by a signal instead of an error.
 *
 *     page header of 24 bytes | u32 magic | u32 version | u64 address | u64 map size
 *     the free list (48 bytes, first of them: u32 page size) | the root table (48 bytes, last of
 *     them: u64 root page) | u64 last page | u64 transaction
 *
 * All little-endian.
 */
const magic = 0xbeefc0de;
const metaAt = 24;
const pageBytesAt = metaAt + 24;
const rootPageAt = metaAt + 112;
const transactionAt = metaAt + 128;
const metaEnd = metaAt + 136;
const noPage = 0xffff_ffff_ffff_ffffn;

/**
 * Looks at what LMDB will not. A directory without tables passes.
 *
 * @throws StoreError TABLES_CORRUPT when a meta page is none, or the file ends before its root.
 */
export function assertTableFile(directory: string): void {
  const path = join(directory, "data.mdb");
  if (!existsSync(path)) return;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    // LMDB has made the file and written nothing yet.
    if (size === 0) return;
    const first = readMeta(file, 0);
    const second = first && readMeta(file, first.pageBytes);
    if (first === undefined || second === undefined) throw corrupt(path, "a meta page is damaged");
    const { root, pageBytes } = first.transaction > second.transaction ? first : second;
    if (root === noPage || (root + 1n) * BigInt(pageBytes) <= BigInt(size)) return;
    throw corrupt(path, `its root is page ${root}, and the file has ${size} bytes`);
  } finally {
    closeSync(file);
  }
}

function readMeta(file: number, at: number) {
  const page = Buffer.alloc(metaEnd);
  if (readSync(file, page, 0, metaEnd, at) < metaEnd) return;
  if (page.readUInt32LE(metaAt) !== magic) return;
  return {
    pageBytes: page.readUInt32LE(pageBytesAt),
    root: page.readBigUInt64LE(rootPageAt),
    transaction: page.readBigUInt64LE(transactionAt),
  };
}

function corrupt(path: string, why: string): StoreError {
  return new StoreError("TABLES_CORRUPT", `${path} is damaged: ${why}`);
}
