import { readRowExpiry, readRowValue, readStateTable } from "../codec/table-layout.js";
import { firstStateTable } from "../core/state-table.js";
import type { StoredRow } from "../core/store-view.js";
import type { ChangeSource } from "./change-source.js";
import type { Lineage } from "./lineage.js";
import type { Manifest } from "./manifest.js";
import type { KeyVersions } from "./merge-sources.js";
import { visitMerged } from "./merge-sources.js";
import { openRuns } from "./run-source.js";

/** One state of one address that two checkpoints do not agree on. */
export interface StateDifference {
  /** "namespace/type". */
  readonly typeName: string;
  readonly id: string;
  /** Name of the state. */
  readonly state: string;
  readonly typename: string;
  /** Null: no value. */
  readonly before: StoredRow | null;
  readonly after: StoredRow | null;
}

interface StateName {
  readonly typeName: string;
  readonly name: string;
  readonly typename: string;
}

/**
 * Tells every state that differs between two checkpoints, in order of state and id, in memory that
 * is bounded by the number of runs. What both have in common is read once.
 */
export async function diffCheckpoints(
  lineage: Lineage,
  { before, after }: { readonly before: Manifest; readonly after: Manifest },
  tell: (difference: StateDifference) => Promise<void>,
): Promise<void> {
  const names = await readStateNames(lineage, [before, after]);
  const sides = await openSides(lineage, before, after);
  await visitMerged(sides.sources, (versions) => {
    const [change] = versions.changes;
    if (change?.table !== "rows") return;
    const name = names.get(change.key.readUInt32BE(0));
    if (name === undefined) return;
    const valueBefore = aliveAt(before.createdAtMs, newestOf(versions, sides.isBefore));
    const valueAfter = aliveAt(after.createdAtMs, newestOf(versions, sides.isAfter));
    if (isSame(valueBefore, valueAfter)) return;
    return tell({
      typeName: name.typeName,
      id: change.key.toString("utf8", 4),
      state: name.name,
      typename: name.typename,
      before: valueBefore && readRowValue(valueBefore),
      after: valueAfter && readRowValue(valueAfter),
    });
  });
}

/** A source for every run that either has, and whose it is. */
async function openSides(lineage: Lineage, before: Manifest, after: Manifest) {
  const keyOf = ({ objects }: Manifest["runs"][number]) => objects.map(({ key }) => key).join(" ");
  const inBefore = new Set(before.runs.map(keyOf));
  const onlyAfter = after.runs.filter((run) => !inBefore.has(keyOf(run)));
  const runs = [...before.runs, ...onlyAfter];
  const inAfter = new Set(after.runs.map(keyOf));
  const sources: readonly ChangeSource[] = await openRuns(lineage, { ...after, runs });
  return {
    sources,
    isBefore: (source: number) => source < before.runs.length,
    isAfter: (source: number) => inAfter.has(keyOf(runs[source] as Manifest["runs"][number])),
  };
}

/** Of the sources of one side, the newest one's value. Sources come newest first. */
function newestOf(
  { sources, changes }: KeyVersions,
  isOfSide: (source: number) => boolean,
): Buffer | null {
  const at = sources.findIndex(isOfSide);
  return changes[at]?.value ?? null;
}

/** What has expired is no value: whether it is still in the tables is chance. */
function aliveAt(timeMs: number, row: Buffer | null): Buffer | null {
  const expiresAtMs = row === null ? 0 : readRowExpiry(row);
  return expiresAtMs !== 0 && expiresAtMs <= timeMs ? null : row;
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  if (a === null || b === null) return a === b;
  return a.equals(b);
}

/** The state tables that either knows, by number. Tables are never renamed or numbered anew. */
async function readStateNames(
  lineage: Lineage,
  manifests: readonly Manifest[],
): Promise<ReadonlyMap<number, StateName>> {
  const names = new Map<number, StateName>();
  for (const manifest of manifests) {
    await visitMerged(await openRuns(lineage, manifest), ({ changes: [change] }) => {
      if (change?.table !== "states" || change.value === null) return;
      const { table, typeName, name, typename } = readStateTable(change.key, change.value);
      if (table >= firstStateTable) names.set(table, { typeName, name, typename });
      return;
    });
  }
  return names;
}
