import { compareChanges, isPassing } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import type { ChangeSource } from "./change-source.js";

/** What several sources say about one key: the source's index and its change, newest first. */
export interface KeyVersions {
  readonly sources: readonly number[];
  readonly changes: readonly TableChange[];
}

/**
 * Goes through sources at once, in order of table and key: every key that any of them has comes
 * once. `sources` are oldest first, and end up empty.
 *
 * The visitor gets live arrays, valid until it returns; it may return a promise to be waited for.
 */
export async function visitMerged(
  sources: readonly ChangeSource[],
  visit: (versions: KeyVersions) => Promise<void> | undefined,
): Promise<void> {
  const order = sources.map((source, index) => ({ source, index }));
  const versions = { sources: [] as number[], changes: [] as TableChange[] };
  // In order of head; of one key the newest source first.
  const live = order.filter(({ source }) => source.head !== null);
  live.sort(compareEntries);
  while (live.length > 0) {
    versions.sources.length = 0;
    versions.changes.length = 0;
    const first = live[0]?.source.head ?? null;
    let count = 0;
    for (const { source, index } of live) {
      const { head } = source;
      if (head === null || first === null || (count > 0 && compareChanges(head, first) !== 0))
        break;
      versions.sources.push(index);
      versions.changes.push(head);
      count++;
    }
    const visiting = visit(versions);
    if (visiting !== undefined) await visiting;
    for (const entry of live.splice(0, count)) {
      const waiting = entry.source.advance();
      if (waiting !== null) await waiting;
      if (entry.source.head !== null) insert(live, entry);
    }
  }
}

interface Entry {
  readonly source: ChangeSource;
  readonly index: number;
}

function compareEntries(a: Entry, b: Entry): number {
  if (a.source.head === null || b.source.head === null) return 0;
  return compareChanges(a.source.head, b.source.head) || b.index - a.index;
}

/** In strides from the front: the source that was first mostly stays among the first. */
function insert(live: Entry[], entry: Entry): void {
  let from = 0;
  let end = 0;
  for (let stride = 1; end < live.length && compareEntries(live[end] as Entry, entry) < 0; ) {
    from = end + 1;
    end += stride;
    stride *= 2;
  }
  end = Math.min(end, live.length);
  while (from < end) {
    const middle = (from + end) >> 1;
    if (compareEntries(live[middle] as Entry, entry) < 0) from = middle + 1;
    else end = middle;
  }
  live.splice(from, 0, entry);
}

/**
 * The one change that several of the same key come to. Null: none, since its key has come and gone
 * inside them.
 */
export function netChange({ changes }: KeyVersions): TableChange | null {
  const [newest, ...older] = changes;
  if (newest === undefined) return null;
  const cameHere = isPassing(newest.table) && older.some(({ value }) => value !== null);
  return newest.value === null && cameHere ? null : newest;
}
