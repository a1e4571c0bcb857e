import { formatTypedValue, formatValueMembers } from "../codec/typed-value-text.js";
import type { StoredRow } from "../core/store-view.js";
import type { ListedCheckpoint, VerifiedCheckpoint } from "./checkpoint-verbs.js";
import { formatTable } from "./table.js";

/** One state of one address that two checkpoints do not agree on. Null: no value. */
export interface StateDifferenceText {
  readonly typeName: string;
  readonly id: string;
  readonly state: string;
  readonly typename: string;
  readonly before: StoredRow | null;
  readonly after: StoredRow | null;
}

export function formatListed(listed: readonly ListedCheckpoint[]): string {
  const heads = ["NUMBER", "KIND", "CREATED", "EPOCH", "DELTAS", "OBJECTS", "BYTES"];
  const rows = listed.map((each) => {
    if (each.problem !== "") return [String(each.number), `damaged: ${each.problem}`];
    const { number, kind, createdAtMs, epoch, deltas, objects, bytes } = each;
    const created = new Date(createdAtMs).toISOString();
    return [String(number), kind, created, ...[epoch, deltas, objects, bytes].map(String)];
  });
  return formatTable(heads, rows);
}

export function formatVerified(verified: readonly VerifiedCheckpoint[]): string {
  const rows = verified.map(({ number, objects, bytes, damage }) => [
    String(number),
    String(objects),
    String(bytes),
    damage.length === 0 ? "good" : `${damage.length} damaged`,
  ]);
  return formatTable(["NUMBER", "OBJECTS", "BYTES", "STATE"], rows);
}

/** "namespace/type/id name: before -> after" */
export function formatDifference(difference: StateDifferenceText): string {
  const { typeName, id, state, before, after } = difference;
  const values = [before, after].map((row) => valueText(difference, row));
  return `${typeName}/${id} ${state}: ${values.join(" -> ")}`;
}

export function formatDifferenceJson(difference: StateDifferenceText): string {
  const { typeName, id, state, typename, before, after } = difference;
  const head = JSON.stringify({ address: `${typeName}/${id}`, state, typename }).slice(0, -1);
  const members = [before, after].map((row) =>
    row === null ? "null" : `{${formatValueMembers({ typename, value: row.value })}}`,
  );
  return `${head},"before":${members[0]},"after":${members[1]}}`;
}

function valueText({ typename }: StateDifferenceText, row: StoredRow | null): string {
  if (row === null) return "none";
  const value = formatTypedValue({ typename, value: row.value });
  const text = value.kind === "absent" ? "" : value.text.replace(/\s+/g, " ");
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}
