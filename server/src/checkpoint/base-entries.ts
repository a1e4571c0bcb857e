import type { TableChange } from "../codec/record-codec.js";
import type { TableBlock } from "../store/table-block.js";
import { compareEntry, entriesOf, findEntry } from "../store/table-block.js";
import type { StoredObject } from "./manifest.js";
import { ReadAhead } from "./read-ahead.js";

/** Objects of a base that are on their way. */
const aheadMax = 3;

/** Where blocks come from, and where their entries go. */
export interface BaseEntriesOptions {
  readonly objects: readonly StoredObject[];
  readonly read: (object: StoredObject) => Promise<TableBlock>;
  /** Takes the entries from one up to another, which is left out. */
  readonly put: (block: TableBlock, from: number, to: number) => void;
  /** There are no more entries in the block. */
  readonly release: (block: TableBlock) => void;
}

/**
 * The entries of a base, which pass in whole stretches: most of them have no later change, and
 * nothing has to be done for each of them.
 */
export class BaseEntries {
  readonly #blocks: ReadAhead<TableBlock>;
  readonly #options: BaseEntriesOptions;
  #block: TableBlock | undefined;
  #at = 0;

  constructor(options: BaseEntriesOptions) {
    this.#blocks = new ReadAhead(options.objects, options.read, aheadMax);
    this.#options = options;
  }

  /** Puts what comes before the key of a change, and passes over its own entry. Null: all the rest. */
  async putBefore(change: TableChange | null): Promise<void> {
    for (;;) {
      const block = this.#block ?? (await this.#blocks.next());
      if (block === undefined) return;
      this.#block = block;
      const to = change === null ? entriesOf(block) : findEntry(block, change, this.#at);
      if (to > this.#at) this.#options.put(block, this.#at, to);
      this.#at = to;
      if (change !== null && to < entriesOf(block)) {
        if (compareEntry(block, to, change) === 0) this.#at++;
        return;
      }
      this.#options.release(block);
      this.#block = undefined;
      this.#at = 0;
    }
  }
}
