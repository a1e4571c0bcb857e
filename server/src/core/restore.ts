import { present } from "./assert.js";
import { createType } from "./catalog.js";
import { FieldReader } from "./fields.js";
import { Outbox } from "./outbox.js";
import { decodeParked } from "./park.js";
import type { Shard } from "./shard.js";
import { keyedTable, parseAddressKey } from "./state-table.js";
import type { StoredBacklog, StoredImage, StoredKeyedRow, StoredOutbox } from "./store-view.js";

/** Fills an empty shard with what the tables hold: the last durable epoch. */
export function restore(shard: Shard, image: StoredImage): void {
  for (const stored of image.types) {
    const { hashSeed } = shard.options;
    const type = createType(stored.index, stored.name, { standing: "stored", hashSeed });
    shard.types.set(type.name, type);
    shard.typesByIndex[type.index] = type;
  }
  for (const table of image.stateTables) {
    const type = present(shard.types.get(table.typeName), `function type ${table.typeName}`);
    const restored = { ...table, expires: table.expiration !== null };
    type.states.set(table.name, restored);
    type.standing = "served";
    shard.stateTables.push(restored);
  }
  for (const backlog of image.backlogs) restoreBacklog(shard, backlog);
  shard.tracksEmptied = shard.coldTypes.size > 0;
  for (const row of image.parked) restoreParked(shard, row);
  shard.timers.restoreSpilled(image.timerCount);
  for (const stored of image.outboxes) restoreOutbox(shard, stored);
  for (const egress of shard.options.egresses) {
    if (!shard.outboxes.has(egress)) shard.outboxes.set(egress, emptyOutbox(shard, egress));
  }
  if (shard.options.suspectRestored) shard.suspectBefore = image.nextSequence;
}

/** Where an egress stands: what was acknowledged, and the sink's position then. */
export function egressPosition(
  shard: Shard,
  egress: string,
): { readonly sequence: number; readonly position: number } {
  const row = shard.overlay.read(keyedTable.egress, egress);
  if (row === undefined || row.value === null) return { sequence: 0, position: 0 };
  const fields = new FieldReader(row.value);
  return { sequence: fields.number(), position: fields.number() };
}

/** Nothing runs yet, and nothing is read before it can: all that waits is cold. */
function restoreBacklog(shard: Shard, { type: index, mailboxes, messages, long }: StoredBacklog) {
  const type = present(shard.typesByIndex[index], `function type ${index}`);
  type.counters.waiting += messages;
  type.cold.count = mailboxes;
  for (const [id, counted] of long) type.cold.long.set(id, counted);
  shard.coldTypes.add(type);
}

function restoreParked(shard: Shard, { key, value }: StoredKeyedRow): void {
  const type = present(shard.typesByIndex[parseAddressKey(key).type], `function type of ${key}`);
  type.counters.parked++;
  // One of a type that nobody knew goes on with the first server of it.
  if (decodeParked(value).code !== "unknownType") type.cold.parked++;
}

function restoreOutbox(shard: Shard, { egress, count, last }: StoredOutbox): void {
  const outbox = emptyOutbox(shard, egress);
  outbox.queue.passed(outbox.acknowledged);
  outbox.queue.restoreSpilled(count, last);
  outbox.last = Math.max(outbox.last, last);
  // Of one that waits for checkpoints nobody knows yet how much the latest one holds.
  if (outbox.isAfterCheckpoint) outbox.cut(shard.committedEpoch);
  else outbox.durable = outbox.last;
  shard.outboxes.set(egress, outbox);
}

function emptyOutbox(shard: Shard, egress: string): Outbox {
  const isDeclared = shard.options.egresses.includes(egress);
  const isAfterCheckpoint = shard.options.egressesAfterCheckpoint.includes(egress);
  const acknowledged = egressPosition(shard, egress).sequence;
  return new Outbox(egress, acknowledged, { isDeclared, isAfterCheckpoint });
}
