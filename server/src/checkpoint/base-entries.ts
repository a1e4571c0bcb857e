import type { TableChange } from "../codec/record-codec.js";
import type { TableBlock } from "../store/table-block.js";
import { compareEntry, entriesOf, findEntry } from "../store/table-block.js";
import type { StoredObject } from "./manifest.js";
import { ReadAhead } from "./read-ahead.js";

/** Objects of a base that are on their way. */
const aheadMax = 3;

/** Takes the entries of a block from one up to another, which is left out. */
export type PutEntries = (block: TableBlock, from: number, to: number) => void;

/**
 * The entries of a base, which pass in whole stretches: most of them have no later change, and
 * nothing has to be done for each of them.
 */
export class BaseEntries {
  readonly #blocks: ReadAhead<TableBlock>;
  readonly #put: PutEntries;
  #block: TableBlock | undefined;
  #at = 0;

  constructor(
    objects: readonly StoredObject[],
    read: (object: StoredObject) => Promise<TableBlock>,
    put: PutEntries,
  ) {
    this.#blocks = new ReadAhead(objects, read, aheadMax);
    this.#put = put;
  }

  /** Puts what comes before the key of a change, and passes over its own entry. Null: all the rest. */
  async putBefore(change: TableChange | null): Promise<void> {
    for (;;) {
      const block = this.#block ?? (await this.#blocks.next());
      if (block === undefined) return;
      this.#block = block;
      const to = change === null ? entriesOf(block) : findEntry(block, change, this.#at);
      if (to > this.#at) this.#put(block, this.#at, to);
      this.#at = to;
      if (change !== null && to < entriesOf(block)) {
        if (compareEntry(block, to, change) === 0) this.#at++;
        return;
      }
      this.#block = undefined;
      this.#at = 0;
    }
  }
}
