import type { Machine } from "../core/machine.js";
import type { Store } from "../store/store.js";

/**
 * Keys in any of the keyed tables, folded or not, in order of their bytes, each once: those
 * behind `after`, or all of them. Lazy.
 */
export function* mergedKeys(
  { store, machine }: { readonly store: Store; readonly machine: Machine },
  tables: readonly number[],
  after: string | null,
): Generator<string> {
  const sources = tables.flatMap((table) => {
    const unfolded = machine.shard.overlay.keysOf(table);
    const rest = unfolded.filter((key) => after === null || compareKeys(key, after) > 0);
    const sorted = rest.sort(compareKeys);
    return [sorted.values(), store.readIds(table, after)];
  });
  const heads = sources.map((source) => source.next());
  for (;;) {
    let least: string | undefined;
    for (const head of heads) {
      if (head.done === true) continue;
      if (least === undefined || compareKeys(head.value, least) < 0) least = head.value;
    }
    if (least === undefined) return;
    yield least;
    heads.forEach((head, index) => {
      const source = sources[index];
      if (head.done !== true && head.value === least && source) heads[index] = source.next();
    });
  }
}

function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
