import type { ParkedView } from "../admin/node-view.js";
import type { Address } from "../core/address.js";
import { peekCold } from "../core/cold.js";
import type { FunctionType } from "../core/function-type.js";
import { findUnknown } from "../core/known-types.js";
import type { Machine } from "../core/machine.js";
import { decodeParked } from "../core/park.js";
import type { Shard } from "../core/shard.js";
import { addressKey, keyedTable, parseAddressKey } from "../core/state-table.js";
import type { Store } from "../store/store.js";
import { mergedKeys } from "./merged-keys.js";

/** One parked address; undefined when it is not parked. */
export function parkedAt(machine: Machine, { typeName, id }: Address): ParkedView | undefined {
  const type = machine.shard.types.get(typeName);
  return type === undefined ? undefined : viewOf(machine.shard, type, id);
}

/**
 * Parked addresses in the order of the table: types as the node has met them, ids as bytes. Undefined:
 * the node does not know a type that is named.
 */
export function listParked(
  parts: { readonly store: Store; readonly machine: Machine },
  typeName: string | null,
  after: Address | null,
): Iterable<ParkedView> | undefined {
  const { shard } = parts.machine;
  const type = typeName === null ? undefined : shard.types.get(typeName);
  if (typeName !== null && type === undefined) {
    return findUnknown(shard, typeName) === null ? [] : undefined;
  }
  const afterType = after === null ? undefined : shard.types.get(after.typeName);
  if (after !== null && afterType === undefined) return undefined;
  // The keys of a type begin with "index/": "index." is before them all, the empty id's too.
  const start = type === undefined ? "" : `${type.index}.`;
  const from =
    after === null || afterType === undefined
      ? start
      : addressKey({ type: afterType, id: after.id });
  return views(parts, type === undefined ? "" : `${type.index}/`, from > start ? from : start);
}

function* views(
  parts: { readonly store: Store; readonly machine: Machine },
  prefix: string,
  after: string,
): Generator<ParkedView> {
  const { shard } = parts.machine;
  for (const key of mergedKeys(parts, [keyedTable.parked], after)) {
    if (!key.startsWith(prefix)) return;
    const address = parseAddressKey(key);
    const type = shard.typesByIndex[address.type];
    const view = type === undefined ? undefined : viewOf(shard, type, address.id);
    if (view !== undefined) yield view;
  }
}

function viewOf(shard: Readonly<Shard>, type: FunctionType, id: string): ParkedView | undefined {
  const row = shard.overlay.read(keyedTable.parked, addressKey({ type, id }));
  if (row === undefined || row.value === null) return undefined;
  const mailbox = type.mailboxes.get(id);
  const front = mailbox?.front(0);
  const { first, count } =
    mailbox === undefined || front === undefined
      ? (peekCold(shard, type, id) ?? { first: undefined, count: 0 })
      : { first: front, count: mailbox.length };
  if (first === undefined) return undefined;
  return {
    address: { typeName: type.name, id },
    reason: decodeParked(row.value),
    message: first,
    waiting: count - 1,
  };
}
