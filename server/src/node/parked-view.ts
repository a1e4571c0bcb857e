import type { ParkedView } from "../admin/node-view.js";
import type { Address } from "../core/address.js";
import { present } from "../core/assert.js";
import { findUnknown } from "../core/known-types.js";
import type { Machine } from "../core/machine.js";
import type { Mailbox } from "../core/mailbox.js";
import { decodeParked } from "../core/park.js";
import type { Shard } from "../core/shard.js";
import { addressKey, keyedTable, parseAddressKey } from "../core/state-table.js";
import type { Store } from "../store/store.js";
import { mergedKeys } from "./merged-keys.js";

/** One parked address; undefined when it is not parked. */
export function parkedAt(machine: Machine, { typeName, id }: Address): ParkedView | undefined {
  const mailbox = machine.shard.types.get(typeName)?.mailboxes.get(id);
  return mailbox === undefined ? undefined : viewOf(machine.shard, mailbox);
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
    const { type, id } = parseAddressKey(key);
    const mailbox = shard.typesByIndex[type]?.mailboxes.get(id);
    const view = mailbox === undefined ? undefined : viewOf(shard, mailbox);
    if (view !== undefined) yield view;
  }
}

function viewOf(shard: Readonly<Shard>, mailbox: Mailbox): ParkedView | undefined {
  const message = mailbox.front(0);
  if (mailbox.state !== "parked" || message === undefined) return undefined;
  const key = addressKey(mailbox);
  const value = present(shard.overlay.read(keyedTable.parked, key)?.value, key);
  return {
    address: { typeName: mailbox.type.name, id: mailbox.id },
    reason: decodeParked(value),
    message,
    waiting: mailbox.length - 1,
  };
}
