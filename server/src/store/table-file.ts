import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "./store-error.js";

/**
 * LMDB's file begins with two pages that say where everything else is; the one with the higher
 * transaction counts. LMDB trusts them and the file's length: it maps the file, and a damaged one
 * ends the process by a signal instead of an error.
 *
 *     page header of 24 bytes | u32 magic | u32 version | u64 address | u64 map size
 *     the free list, 48 bytes | the root table, 48 bytes | u64 last page | u64 transaction
 *
 *     tree, 48 bytes:  u32 page size, of the free list | u16 flags | u16 depth | u64 branch pages
 *                      u64 leaf pages | u64 overflow pages | u64 entries | u64 root page
 *
 * All little-endian.
 */
const magic = 0xbeefc0de;
/** Of LMDB's file format, in the low half of the version. */
const dataVersion = 2;
const metaAt = 24;
const freeTreeAt = metaAt + 24;
/** How long the record of a tree is. */
export const treeBytes = 48;
const rootTreeAt = freeTreeAt + treeBytes;
const lastPageAt = rootTreeAt + treeBytes;
const transactionAt = lastPageAt + 8;
const metaEnd = transactionAt + 8;
const noPage = 0xffff_ffff_ffff_ffffn;

/** One B-tree of the file. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined: there is nothing in it. */
  readonly root: number | undefined;
}

/** What a meta page says. */
export interface TableMeta {
  readonly pageBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
}

/** The file of the tables, open for reading. */
export interface TableFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** The one that counts. */
  readonly meta: TableMeta;
  /** Reads into the whole buffer; fewer bytes are read only at the end of the file. */
  read(buffer: Buffer, at: number): number;
}

/** The path of the file in the tables' directory. */
export function tableFilePath(directory: string): string {
  return join(directory, "data.mdb");
}

/**
 * Looks at what LMDB will not, and then lets `use` have the file. Undefined where there are no tables
 * yet.
 *
 * @throws StoreError TABLES_CORRUPT when a meta page is none, or the file ends before its root.
 */
export function withTableFile<T>(directory: string, use: (file: TableFile) => T): T | undefined {
  const path = tableFilePath(directory);
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size: bytes, mtimeMs, ino: inode } = fstatSync(descriptor);
    // LMDB has made the file and written nothing yet.
    if (bytes === 0) return undefined;
    const read = (buffer: Buffer, at: number) => readSync(descriptor, buffer, 0, buffer.length, at);
    return use({ path, bytes, mtimeMs, inode, meta: currentMeta({ path, bytes, read }), read });
  } finally {
    closeSync(descriptor);
  }
}

type Reader = Pick<TableFile, "path" | "bytes" | "read">;

function currentMeta(file: Reader): TableMeta {
  const first = readMeta(file, 0);
  const second = first && readMeta(file, first.pageBytes);
  if (first === undefined || second === undefined) {
    throw corruptTables(file.path, "a meta page is damaged");
  }
  const meta = first.transaction > second.transaction ? first : second;
  const { pageBytes, main } = meta;
  if (main.root === undefined || (main.root + 1) * pageBytes <= file.bytes) return meta;
  throw corruptTables(
    file.path,
    `its root is page ${main.root}, and the file has ${file.bytes} bytes`,
  );
}

function readMeta({ path, read }: Reader, at: number): TableMeta | undefined {
  const page = Buffer.alloc(metaEnd);
  if (read(page, at) < metaEnd || page.readUInt32LE(metaAt) !== magic) return undefined;
  const version = page.readUInt32LE(metaAt + 4) & 0xffff;
  if (version !== dataVersion) {
    throw new StoreError(
      "FORMAT_UNKNOWN",
      `${path} has LMDB's format ${version}; this version reads ${dataVersion}`,
    );
  }
  return {
    pageBytes: page.readUInt32LE(freeTreeAt),
    free: readTree(page, freeTreeAt),
    main: readTree(page, rootTreeAt),
    lastPage: readNumber(page, lastPageAt),
    transaction: readNumber(page, transactionAt),
  };
}

/** Reads a tree's 48 bytes, of a meta page or of a table's entry. */
export function readTree(bytes: Buffer, at: number): Tree {
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: readNumber(bytes, at + 8),
    leafPages: readNumber(bytes, at + 16),
    overflowPages: readNumber(bytes, at + 24),
    entries: readNumber(bytes, at + 32),
    root: bytes.readBigUInt64LE(at + 40) === noPage ? undefined : readNumber(bytes, at + 40),
  };
}

/** Above 2^53 not exact, and above every page and count that a file can have. */
export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 0x1_0000_0000 + bytes.readUInt32LE(at);
}

/** What is wrong with the file, and what helps. */
export function corruptTables(path: string, why: string): StoreError {
  return new StoreError(
    "TABLES_CORRUPT",
    `${path} is damaged: ${why}; restore the data directory from a backup`,
  );
}
