import type { TableChange } from "../codec/record-codec.js";

/** Changes in order of table and key, one at a time. */
export interface ChangeSource {
  /** The change that is next; null: there is none any more. */
  readonly head: TableChange | null;
  /** Moves to the change behind it. Only what has to wait for something returns a promise. */
  advance(): Promise<void> | null;
}

/** A source over whatever gives changes without waiting. It has its first change at once. */
export function sourceOf(next: () => TableChange | null): ChangeSource {
  let head = next();
  return {
    get head() {
      return head;
    },
    advance() {
      head = next();
      return null;
    },
  };
}
