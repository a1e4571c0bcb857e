import type { FunctionType } from "./function-type.js";

/**
 * Addresses whose mailbox ran empty while the tables may still hold messages of it: their deletes are
 * not folded. What a read finds there is nobody's backlog.
 *
 * Two generations, as in the overlay: what was added before a fold began is of the epochs that it
 * folds.
 */
export class Emptied {
  #young = new Map<FunctionType, Set<string>>();
  #old: ReadonlyMap<FunctionType, ReadonlySet<string>> = new Map();

  add(type: FunctionType, id: string): void {
    const ids = this.#young.get(type);
    if (ids === undefined) this.#young.set(type, new Set([id]));
    else ids.add(id);
  }

  has(type: FunctionType, id: string): boolean {
    return this.#young.get(type)?.has(id) === true || this.#old.get(type)?.has(id) === true;
  }

  beginFold(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }

  endFold(): void {
    this.#old = new Map();
  }
}
