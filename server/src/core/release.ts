import { forgetRecord, holdRecord } from "./backlog.js";
import type { EgressAcknowledgedCommand } from "./command.js";
import { FieldWriter } from "./fields.js";
import type { Mailbox } from "./mailbox.js";
import type { Outbox } from "./outbox.js";
import type { Shard } from "./shard.js";
import { evictFolded, refillOutbox } from "./spill.js";
import { keyedTable } from "./state-table.js";
import type { TypedValue } from "./typed-value.js";

/** The sealed epoch is durable: lets out what waited for it. */
export function commit(shard: Shard, epoch: number): void {
  const { sealed } = shard;
  if (sealed === null || sealed.epoch !== epoch) return;
  shard.sealed = null;
  shard.committedEpoch = epoch;
  const { acknowledged, replied, decided, recordsUpTo } = sealed.releases;
  shard.effects.acknowledged = joined(shard.effects.acknowledged, acknowledged);
  shard.effects.replied = joined(shard.effects.replied, replied);
  shard.effects.decided = joined(shard.effects.decided, decided);
  for (const [egress, sequence] of recordsUpTo) {
    const outbox = shard.outboxes.get(egress);
    if (outbox === undefined) continue;
    outbox.durable = sequence;
    deliverRecords(shard, outbox);
  }
}

/** The tables hold every epoch up to this one: the old generation and far backlogs leave memory. */
export function fold(shard: Shard, epoch: number): void {
  shard.foldedEpoch = epoch;
  shard.foldingEpoch = 0;
  shard.overlay.endFold();
  shard.emptied.endFold();
  evictFolded(shard);
}

/** A complete checkpoint holds the epoch: lets out what waited for it. */
export function checkpoint(shard: Shard, epoch: number): void {
  for (const outbox of shard.outboxes.values()) {
    if (!outbox.isAfterCheckpoint) continue;
    outbox.checkpointed(epoch);
    deliverRecords(shard, outbox);
  }
}

/** Adds a record that an address has made. The egress is known. */
export function emit(shard: Shard, mailbox: Mailbox, egress: string, value: TypedValue): void {
  const outbox = shard.outboxes.get(egress);
  if (outbox === undefined) return;
  const record = {
    egress,
    sequence: ++outbox.last,
    typename: value.typename,
    value: value.value,
    sourceType: mailbox.type,
    sourceId: mailbox.id,
    storedEpoch: 0,
  };
  outbox.queue.push(record);
  holdRecord(shard, record);
  shard.epoch.records.push(record);
  if (!outbox.isAfterCheckpoint) shard.epoch.releases.recordsUpTo.set(egress, record.sequence);
}

/** Records have arrived outside: removes them, and hands the stage the next ones. */
export function acknowledgeEgress(shard: Shard, command: EgressAcknowledgedCommand): void {
  const outbox = shard.outboxes.get(command.egress);
  if (outbox === undefined || command.sequence <= outbox.acknowledged) return;
  for (const record of outbox.acknowledge(command.sequence)) {
    forgetRecord(shard, record);
    if (record.storedEpoch > 0) shard.epoch.recordsAcknowledged.push(record);
  }
  const value = new FieldWriter().number(outbox.acknowledged).number(command.position).finish();
  shard.overlay.write(keyedTable.egress, command.egress, value, 0);
  deliverRecords(shard, outbox);
}

/** Hands the stage what it may have. There is none for an egress that the module does not name. */
export function deliverRecords(shard: Shard, outbox: Outbox): void {
  if (!outbox.isDeclared) return;
  refillOutbox(shard, outbox);
  const { outboxWindow, outboxWindowBytes } = shard.options.limits;
  const records = outbox.deliverable({ count: outboxWindow, bytes: outboxWindowBytes });
  if (records.length > 0) shard.effects.deliveries.push({ egress: outbox.egress, records });
}

function joined<T>(waiting: T[], released: T[]): T[] {
  if (waiting.length === 0) return released;
  for (const effect of released) waiting.push(effect);
  return waiting;
}
