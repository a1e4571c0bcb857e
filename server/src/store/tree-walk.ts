import { tableNames } from "../codec/table-layout.js";
import { checksumBytes, checksumOf } from "./checked-table.js";
import type { Tree } from "./table-file.js";
import { readNumber, readTree, treeBytes } from "./table-file.js";

/**
 * A page of LMDB's file. All numbers little-endian; places are counted from behind the header.
 *
 *     u64 its number | u64 transaction | u16 key size | u16 flags | u16 lower | u16 upper
 *     u16 place of each node | ... | the nodes
 *
 *     branch node   u48 page | u16 length of key | key
 *     leaf node     u32 length of value | u16 flags | u16 length of key | key | value
 *     large value   u64 page | u64 transaction | u64 pages       in place of the value
 *     large pages   the header, with u32 pages for lower and upper | the value
 *
 * A tree's keys rise. Those of a branch's child lie between its key and the next one; the first key
 * of a branch means nothing. The free list's keys are transactions, its values lists of pages: u64
 * count, and as many numbers: a page, or minus a length and the first of so many; 0 is nothing.
 */
export const pageHeaderBytes = 24;
const flagsAt = 18;
const lowerAt = 20;
const upperAt = 22;
const nodeBytes = 8;
const branchFlag = 0x01;
const leafFlag = 0x02;
const largeFlag = 0x04;
/** Those that say how a page is read. */
const kindFlags = 0x6f;
/** Of leaf nodes. */
const largeValueFlag = 0x01;
const treeFlag = 0x02;
const largeValueBytes = 24;
/** LMDB's own limit. */
const depthMax = 32;

/** What a tree holds, which says how its keys compare and what its values are. */
export type TreeKind = "free" | "main" | "table";

/** What a walk needs of the file. */
export interface TreePages {
  readonly pageBytes: number;
  /** Pages with their header, used from now on. */
  read(page: number, count: number): Buffer;
  /** Pages from `first` are said to be free. */
  addFreeRun(page: number, first: number, count: number): void;
  /** Another tree. */
  tree(kind: TreeKind, name: string, tree: Tree): void;
  corrupt(page: number, why: string): Error;
}

interface NamedTree {
  readonly kind: TreeKind;
  readonly name: string;
  readonly tree: Tree;
}

/** Follows a tree to every value. @throws StoreError TABLES_CORRUPT */
export function walkTree(pages: TreePages, named: NamedTree): void {
  const { root, depth, entries } = named.tree;
  if (root === undefined) {
    if (entries > 0) throw pages.corrupt(0, `${named.name} has ${entries} entries and no page`);
    return;
  }
  if (depth < 1 || depth > depthMax) throw pages.corrupt(root, `${named.name} is ${depth} deep`);
  const walk = new TreeWalk(pages, named);
  walk.page(root, 1, { from: undefined, to: undefined });
  walk.checkCounts();
}

/** Keys are `from` or later, and before `to`; undefined: no bound. */
interface KeyBounds {
  readonly from: Buffer | undefined;
  readonly to: Buffer | undefined;
}

class TreeWalk {
  readonly #pages: TreePages;
  readonly #named: NamedTree;
  #branchPages = 0;
  #leafPages = 0;
  #overflowPages = 0;
  #entries = 0;

  constructor(pages: TreePages, named: NamedTree) {
    this.#pages = pages;
    this.#named = named;
  }

  page(page: number, level: number, bounds: KeyBounds): void {
    const bytes = this.#pages.read(page, 1);
    const isLeaf = level === this.#named.tree.depth;
    const flags = bytes.readUInt16LE(flagsAt) & kindFlags;
    if (flags !== (isLeaf ? leafFlag : branchFlag)) {
      throw this.#corrupt(page, `flags ${flags} at depth ${level}`);
    }
    const lower = bytes.readUInt16LE(lowerAt);
    const upper = bytes.readUInt16LE(upperAt);
    if (lower < 2 || lower % 2 > 0 || lower > upper || upper > bytes.length - pageHeaderBytes) {
      throw this.#corrupt(page, `its nodes begin at ${upper}, their places end at ${lower}`);
    }
    if (isLeaf) this.#leaf(page, bytes, bounds);
    else this.#branch(page, bytes, level, bounds);
  }

  checkCounts(): void {
    const { tree, name } = this.#named;
    const found = [this.#branchPages, this.#leafPages, this.#overflowPages, this.#entries];
    const said = [tree.branchPages, tree.leafPages, tree.overflowPages, tree.entries];
    if (found.join() === said.join()) return;
    const what = "branch, leaf and large pages and entries";
    throw this.#pages.corrupt(
      tree.root ?? 0,
      `${name} has ${found.join()} ${what}, not ${said.join()}`,
    );
  }

  #branch(page: number, bytes: Buffer, level: number, bounds: KeyBounds): void {
    this.#branchPages++;
    const count = bytes.readUInt16LE(lowerAt) / 2;
    const keys = Array.from({ length: count }, (_, at) => this.#key(page, bytes, at));
    for (let at = 0; at < count; at++) {
      const from = at === 0 ? bounds.from : keys[at];
      const to = at + 1 === count ? bounds.to : keys[at + 1];
      if (at > 0) this.#checkKey(page, keys[at] as Buffer, { from: bounds.from, to: bounds.to });
      if (from !== undefined && to !== undefined && this.#compare(from, to) >= 0) {
        throw this.#corrupt(page, "its keys do not rise");
      }
      this.page(bytes.readUIntLE(placeOf(bytes, at), 6), level + 1, { from, to });
    }
  }

  #leaf(page: number, bytes: Buffer, bounds: KeyBounds): void {
    this.#leafPages++;
    const count = bytes.readUInt16LE(lowerAt) / 2;
    let before: Buffer | undefined;
    for (let at = 0; at < count; at++) {
      const key = this.#key(page, bytes, at);
      this.#checkKey(page, key, bounds);
      if (before !== undefined && this.#compare(before, key) >= 0) {
        throw this.#corrupt(page, "its keys do not rise");
      }
      before = key;
      this.#entries++;
      this.#node(page, bytes, placeOf(bytes, at), key);
    }
  }

  #node(page: number, bytes: Buffer, place: number, key: Buffer): void {
    const length = bytes.readUInt32LE(place);
    const flags = bytes.readUInt16LE(place + 4);
    const start = place + nodeBytes + key.length;
    const isLarge = flags === largeValueFlag;
    const end = start + (isLarge ? largeValueBytes : length);
    const isTree = this.#named.kind === "main";
    if (end > bytes.length || (!isLarge && flags !== (isTree ? treeFlag : 0))) {
      throw this.#corrupt(page, `a value of ${length} bytes with flags ${flags}`);
    }
    const value = isLarge
      ? this.#largeValue(page, bytes.subarray(start, end), length)
      : bytes.subarray(start, end);
    switch (this.#named.kind) {
      case "free":
        this.#freePages(page, value);
        break;
      case "main":
        this.#table(page, key, value);
        break;
      case "table":
        this.#checkValue(page, key, value);
        break;
    }
  }

  #largeValue(page: number, place: Buffer, length: number): Buffer {
    const first = readNumber(place, 0);
    const count = readNumber(place, 16);
    // A shorter value may have taken the place of a longer one.
    if (count < (length + pageHeaderBytes) / this.#pages.pageBytes) {
      throw this.#corrupt(page, `a value of ${length} bytes on ${count} pages`);
    }
    const bytes = this.#pages.read(first, count);
    const flags = bytes.readUInt16LE(flagsAt) & kindFlags;
    if (flags !== largeFlag || bytes.readUInt32LE(lowerAt) !== count) {
      throw this.#corrupt(first, `flags ${flags}, for a value of ${count} pages`);
    }
    this.#overflowPages += count;
    return bytes.subarray(pageHeaderBytes, pageHeaderBytes + length);
  }

  #freePages(page: number, value: Buffer): void {
    const count = value.length < 8 ? Number.NaN : readNumber(value, 0);
    if (!((count + 1) * 8 <= value.length)) throw this.#corrupt(page, `${count} free pages`);
    for (let at = 1; at <= count; at++) {
      const number = Number(value.readBigInt64LE(at * 8));
      if (number === 0) continue;
      if (number > 0) this.#pages.addFreeRun(page, number, 1);
      else if (at === count) throw this.#corrupt(page, "free pages from nowhere");
      else this.#pages.addFreeRun(page, Number(value.readBigInt64LE(++at * 8)), -number);
    }
  }

  #table(page: number, key: Buffer, value: Buffer): void {
    const name = key.toString("latin1").replace(/\0$/, "");
    const isKnown = tableNames.some((known) => known === name);
    if (!isKnown || value.length !== treeBytes) {
      throw this.#corrupt(page, `a table ${JSON.stringify(name)} of ${value.length} bytes`);
    }
    this.#pages.tree("table", `table ${name}`, readTree(value, 0));
  }

  #checkValue(page: number, key: Buffer, stored: Buffer): void {
    const isWhole = stored.length >= checksumBytes;
    if (isWhole && stored.readUInt32BE(0) === checksumOf(key, stored.subarray(checksumBytes)))
      return;
    throw this.#corrupt(page, `the value of key ${key.toString("hex")} does not verify`);
  }

  #key(page: number, bytes: Buffer, at: number): Buffer {
    const place = placeOf(bytes, at);
    const end =
      place + nodeBytes <= bytes.length
        ? place + nodeBytes + bytes.readUInt16LE(place + 6)
        : Infinity;
    if (end > bytes.length) throw this.#corrupt(page, `node ${at} leaves it`);
    return bytes.subarray(place + nodeBytes, end);
  }

  #checkKey(page: number, key: Buffer, { from, to }: KeyBounds): void {
    if (this.#named.kind === "free" && key.length !== 8) {
      throw this.#corrupt(page, `a transaction of ${key.length} bytes`);
    }
    const isInside =
      (from === undefined || this.#compare(from, key) <= 0) &&
      (to === undefined || this.#compare(key, to) < 0);
    if (!isInside) throw this.#corrupt(page, "a key does not lie where its branch says");
  }

  #compare(a: Buffer, b: Buffer): number {
    return this.#named.kind === "free" ? readNumber(a, 0) - readNumber(b, 0) : Buffer.compare(a, b);
  }

  #corrupt(page: number, why: string): Error {
    return this.#pages.corrupt(page, `${why} (${this.#named.name})`);
  }
}

/** Where a node is in its page. */
function placeOf(bytes: Buffer, at: number): number {
  return pageHeaderBytes + bytes.readUInt16LE(pageHeaderBytes + 2 * at);
}
