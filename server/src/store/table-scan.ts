import type { TableFile, Tree } from "./table-file.js";
import { corruptTables, readNumber } from "./table-file.js";
import type { TreeKind, TreePages } from "./tree-walk.js";
import { walkTree } from "./tree-walk.js";

/**
 * Follows every tree to every value, without LMDB: its own reading of a damaged file ends the process
 * by a signal. Reads all of the file that is in use.
 *
 * @throws StoreError TABLES_CORRUPT for the first thing that is not as it was written.
 */
export function scanTables(file: TableFile): void {
  const scan = new TableScan(file);
  scan.tree("free", "the free list", file.meta.free);
  scan.tree("main", "the list of tables", file.meta.main);
  scan.checkFreePages();
}

/** What a scan has seen of a file: which pages are used, and which are said to be free. */
class TableScan implements TreePages {
  readonly #file: TableFile;
  /** By page number: 1 when something uses it. */
  readonly #used: Uint8Array;
  readonly #freeRuns: { readonly first: number; readonly count: number }[] = [];

  constructor(file: TableFile) {
    const { lastPage, pageBytes } = file.meta;
    if (lastPage < 1 || !isPageSize(pageBytes)) {
      throw corruptTables(file.path, `its last page is ${lastPage}, of ${pageBytes} bytes`);
    }
    this.#file = file;
    const pagesInFile = Math.ceil(file.bytes / pageBytes);
    this.#used = new Uint8Array(Math.min(lastPage + 1, pagesInFile));
    this.#used.fill(1, 0, 2);
  }

  tree(kind: TreeKind, name: string, tree: Tree): void {
    walkTree(this, { kind, name, tree });
  }

  /** Takes pages into use and reads them. */
  read(page: number, count: number): Buffer {
    this.#use(page, count);
    const { pageBytes } = this.#file.meta;
    const bytes = Buffer.allocUnsafe(count * pageBytes);
    if (this.#file.read(bytes, page * pageBytes) < bytes.length) {
      throw this.corrupt(page, "it lies behind the end of the file");
    }
    if (readNumber(bytes, 0) !== page) throw this.corrupt(page, "it has another number");
    if (readNumber(bytes, 8) > this.#file.meta.transaction) {
      throw this.corrupt(page, "it is of a later transaction than the file");
    }
    return bytes;
  }

  get pageBytes(): number {
    return this.#file.meta.pageBytes;
  }

  addFreeRun(page: number, first: number, count: number): void {
    const isInside = count > 0 && first > 1 && first + count - 1 <= this.#file.meta.lastPage;
    if (!isInside) throw this.corrupt(page, `${count} free pages from ${first}`);
    this.#freeRuns.push({ first, count });
  }

  /** LMDB would write over a page that is both. */
  checkFreePages(): void {
    for (const { first, count } of this.#freeRuns) {
      const found = this.#used.subarray(first, first + count).indexOf(1);
      if (found >= 0) throw this.corrupt(first + found, "it is in use, and in the free list");
    }
  }

  corrupt(page: number, why: string): Error {
    const at = page * this.pageBytes;
    return corruptTables(this.#file.path, `page ${page}, at byte ${at}: ${why}`);
  }

  #use(first: number, count: number): void {
    if (first < 2 || count < 1 || first + count > this.#used.length) {
      throw this.corrupt(first, `${count} pages from there are not all in the file`);
    }
    const pages = this.#used.subarray(first, first + count);
    if (pages.includes(1)) throw this.corrupt(first, "it is used twice");
    pages.fill(1);
  }
}

/** LMDB's pages have the size of the system's. */
function isPageSize(bytes: number): boolean {
  return [4096, 8192, 16_384, 32_768, 65_536].includes(bytes);
}
