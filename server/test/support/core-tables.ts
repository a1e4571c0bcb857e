import assert from "node:assert/strict";
import type { ChangeSet } from "../../src/core/change-set.js";
import type { Message } from "../../src/core/message.js";
import type { OutboxRecord } from "../../src/core/outbox.js";
import type { RowChange, RowChanges } from "../../src/core/row.js";
import { keyedTable } from "../../src/core/state-table.js";
import type {
  MailboxLimits,
  MailboxRange,
  SequenceRange,
  StoredBacklog,
  StoredImage,
  StoredMailbox,
  StoredMailboxes,
  StoredMessage,
  StoredOutbox,
  StoredRecord,
  StoredRow,
  StoredStateTable,
  StoredTimer,
  StoreView,
  TimerRange,
} from "../../src/core/store-view.js";
import { longMin } from "../../src/core/store-view.js";
import type { Timer } from "../../src/core/timer.js";

/** One epoch as a journal would hold it: values, none of them shared with the core. */
export interface WrittenEpoch {
  readonly epoch: number;
  readonly nextSequence: number;
  readonly types: StoredImage["types"];
  readonly stateTables: readonly StoredStateTable[];
  readonly rows: readonly {
    readonly table: number;
    readonly key: string;
    readonly row: StoredRow | null;
  }[];
  readonly messages: readonly StoredMessage[];
  readonly consumed: readonly number[];
  readonly timersSet: readonly StoredTimer[];
  readonly timersCleared: readonly number[];
  readonly records: readonly StoredRecord[];
  readonly recordsAcknowledged: readonly { readonly egress: string; readonly sequence: number }[];
}

/** The rows of a change set as values of their own. */
export function copyRows(rows: RowChanges): RowChange[] {
  const copies: RowChange[] = [];
  rows.forEach((row) => {
    copies.push({ ...row, value: row.value?.slice() ?? null });
  });
  return copies;
}

/** Copies a change set, as encoding it does. */
export function writtenEpoch(changes: ChangeSet): WrittenEpoch {
  return {
    epoch: changes.epoch,
    nextSequence: changes.nextSequence,
    types: changes.types.map(({ index, name }) => ({ index, name })),
    stateTables: changes.stateTables.map((table) => ({ ...table })),
    rows: copyRows(changes.rows).map(({ table, key, value, expiresAtMs }) => ({
      table,
      key,
      row: value === null ? null : { value, expiresAtMs },
    })),
    messages: changes.messages.map(storedMessage),
    consumed: changes.consumed.map(({ sequence }) => sequence),
    timersSet: changes.timersSet.map(storedTimer),
    timersCleared: changes.timersCleared.map(({ sequence }) => sequence),
    records: changes.records.map(storedRecord),
    recordsAcknowledged: changes.recordsAcknowledged.map(({ egress, sequence }) => ({
      egress,
      sequence,
    })),
  };
}

/**
 * The durable side of a core, in memory: a journal of epochs, and the tables that hold those that
 * were folded. A model of what the tables mean, not of how they are kept. It fails where a store
 * would be left with rubbish: an epoch out of order, a delete of what it does not hold.
 */
export class CoreTables implements StoreView {
  readonly #journal: WrittenEpoch[] = [];
  readonly #types: { readonly index: number; readonly name: string }[] = [];
  readonly #stateTables = new Map<number, StoredStateTable>();
  readonly #rows = new Map<string, StoredRow>();
  readonly #messages = new Map<number, StoredMessage>();
  readonly #timers = new Map<number, StoredTimer>();
  readonly #records = new Map<string, StoredRecord>();
  #nextSequence = 1;
  #writtenEpoch = 0;
  #foldedEpoch = 0;

  /** The newest durable epoch. */
  get writtenEpoch(): number {
    return this.#writtenEpoch;
  }

  /** Makes the next epoch durable. */
  write(epoch: WrittenEpoch): void {
    assert.equal(epoch.epoch, this.#writtenEpoch + 1, "epochs are written in order");
    this.#journal.push(epoch);
    this.#writtenEpoch = epoch.epoch;
  }

  /** Brings the tables up to a durable epoch. */
  fold(toEpoch: number): void {
    assert.ok(toEpoch <= this.#writtenEpoch, "only durable epochs are folded");
    for (const epoch of this.#journal) {
      if (epoch.epoch > this.#foldedEpoch && epoch.epoch <= toEpoch) this.#apply(epoch);
    }
    this.#journal.splice(0, this.#journal.findLastIndex(({ epoch }) => epoch <= toEpoch) + 1);
  }

  /** What a restart finds: every durable epoch is folded, and the tables are read once. */
  restart(): StoredImage {
    this.fold(this.#writtenEpoch);
    return {
      epoch: this.#foldedEpoch,
      nextSequence: this.#nextSequence,
      types: [...this.#types],
      stateTables: [...this.#stateTables.values()].map((table) => ({ ...table })),
      backlogs: this.#backlogs(),
      timerCount: this.#timers.size,
      outboxes: this.#outboxes(),
      parked: this.#rowsOf(keyedTable.parked),
    };
  }

  #rowsOf(table: number): { key: string; value: Uint8Array }[] {
    const prefix = `${table} `;
    return [...this.#rows]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { value }]) => ({ key: key.slice(prefix.length), value }));
  }

  readRow(table: number, key: string): StoredRow | undefined {
    return this.#rows.get(`${table} ${key}`);
  }

  readMessages(
    range: { readonly type: number; readonly id: string } & SequenceRange,
  ): readonly StoredMessage[] {
    const ofMailbox = [...this.#messages.values()].filter(
      ({ type, id }) => type === range.type && id === range.id,
    );
    return within(ofMailbox, range);
  }

  readMailbox(
    { type, id }: { readonly type: number; readonly id: string },
    { messagesMax, bytesMax }: MailboxLimits,
  ): StoredMailbox | undefined {
    const all = this.#messagesOf(type).filter((message) => message.id === id);
    if (all.length === 0) return undefined;
    const range = { after: 0, last: Number.MAX_SAFE_INTEGER, limit: messagesMax, bytesMax };
    const messages = within(all, range);
    const count = all.length - messages.length;
    const rest = { count, last: count === 0 ? 0 : (all.at(-1)?.sequence ?? 0) };
    return { id, messages, rest: all.length > longMin ? null : rest };
  }

  readMailboxes({ type, afterId, limits, mailboxesMax }: MailboxRange): StoredMailboxes {
    const ids = [...new Set(this.#messagesOf(type).map(({ id }) => id))].sort(compareIds);
    const behind = ids.filter((id) => afterId === null || compareIds(id, afterId) > 0);
    const mailboxes = behind
      .slice(0, mailboxesMax)
      .flatMap((id) => this.readMailbox({ type, id }, limits) ?? []);
    return { mailboxes, isAtEnd: behind.length <= mailboxesMax };
  }

  #messagesOf(type: number): StoredMessage[] {
    return inOrder([...this.#messages.values()].filter((message) => message.type === type));
  }

  readTimers({ after, limit, bytesMax }: TimerRange): readonly StoredTimer[] {
    const behind = [...this.#timers.values()].filter(
      ({ dueMs, message: { sequence } }) =>
        dueMs > after.dueMs || (dueMs === after.dueMs && sequence > after.sequence),
    );
    behind.sort((a, b) => a.dueMs - b.dueMs || a.message.sequence - b.message.sequence);
    let bytes = 0;
    const read = behind.slice(0, limit);
    const last = read.findIndex(({ message }) => {
      bytes += message.value?.length ?? 0;
      return bytes >= bytesMax;
    });
    return last < 0 ? read : read.slice(0, last + 1);
  }

  readRecords(range: { readonly egress: string } & SequenceRange): readonly StoredRecord[] {
    const ofEgress = [...this.#records.values()].filter(({ egress }) => egress === range.egress);
    return within(ofEgress, range);
  }

  #apply(epoch: WrittenEpoch): void {
    assert.equal(epoch.epoch, this.#foldedEpoch + 1, "epochs are folded in order");
    for (const type of epoch.types) {
      assert.equal(type.index, this.#types.length + 1, "type indexes have no holes");
      this.#types.push(type);
    }
    for (const table of epoch.stateTables) this.#stateTables.set(table.table, table);
    for (const { table, key, row } of epoch.rows) {
      if (row === null) this.#rows.delete(`${table} ${key}`);
      else this.#rows.set(`${table} ${key}`, row);
    }
    for (const message of epoch.messages) addNew(this.#messages, message.sequence, message);
    for (const sequence of epoch.consumed) removeOld(this.#messages, sequence);
    for (const timer of epoch.timersSet) addNew(this.#timers, timer.message.sequence, timer);
    for (const sequence of epoch.timersCleared) removeOld(this.#timers, sequence);
    for (const record of epoch.records) addNew(this.#records, recordKey(record), record);
    for (const record of epoch.recordsAcknowledged) removeOld(this.#records, recordKey(record));
    assert.ok(epoch.nextSequence >= this.#nextSequence, "sequences never go back");
    this.#nextSequence = epoch.nextSequence;
    this.#foldedEpoch = epoch.epoch;
  }

  #backlogs(): StoredBacklog[] {
    return grouped([...this.#messages.values()], ({ type }) => `${type}`).map((ofType) => {
      const mailboxes = grouped(inOrder(ofType), ({ id }) => id);
      const counts = mailboxes.map((messages) => {
        const count = { count: messages.length, last: messages.at(-1)?.sequence ?? 0 };
        return [messages[0]?.id ?? "", count] as const;
      });
      return {
        type: ofType[0]?.type ?? 0,
        mailboxes: mailboxes.length,
        messages: ofType.length,
        long: new Map(counts.filter(([, { count }]) => count > longMin)),
      };
    });
  }

  #outboxes(): StoredOutbox[] {
    const all = inOrder([...this.#records.values()]);
    return grouped(all, ({ egress }) => egress).map((records) => ({
      egress: records[0]?.egress ?? "",
      count: records.length,
      last: records.at(-1)?.sequence ?? 0,
    }));
  }
}

/** As the tables order them: shorter ids first. */
function compareIds(a: string, b: string): number {
  const [bytesOfA, bytesOfB] = [Buffer.from(a), Buffer.from(b)];
  return bytesOfA.length - bytesOfB.length || Buffer.compare(bytesOfA, bytesOfB);
}

function addNew<Key, Value>(table: Map<Key, Value>, key: Key, value: Value): void {
  assert.ok(!table.has(key), `${key} is stored already`);
  table.set(key, value);
}

function removeOld<Key, Value>(table: Map<Key, Value>, key: Key): void {
  assert.ok(table.delete(key), `${key} is not stored`);
}

function grouped<T>(entries: readonly T[], keyOf: (entry: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group === undefined) groups.set(keyOf(entry), [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

function within<T extends { readonly sequence: number; readonly value: Uint8Array | null }>(
  entries: readonly T[],
  { after, last, limit, bytesMax }: SequenceRange,
): T[] {
  const inside = entries.filter(({ sequence }) => after < sequence && sequence <= last);
  let bytes = 0;
  const read = inOrder(inside).slice(0, limit);
  const end = read.findIndex(({ value }) => {
    bytes += value?.length ?? 0;
    return bytes >= bytesMax;
  });
  return end < 0 ? read : read.slice(0, end + 1);
}

function inOrder<T extends { readonly sequence: number }>(entries: readonly T[]): T[] {
  return entries.toSorted((a, b) => a.sequence - b.sequence);
}

function recordKey({ egress, sequence }: { readonly egress: string; readonly sequence: number }) {
  return `${egress} ${sequence}`;
}

function storedMessage(message: Message): StoredMessage {
  const { id, callerId, typename, value, traceparent, sequence, key } = message;
  return {
    type: message.type.index,
    id,
    callerType: message.callerType?.index ?? 0,
    callerId,
    typename,
    value: value?.slice() ?? null,
    traceparent,
    sequence,
    key,
  };
}

function storedTimer(timer: Timer): StoredTimer {
  const { dueMs, token, id, callerId, typename, value, traceparent, sequence } = timer;
  return {
    dueMs,
    token,
    message: {
      type: timer.type.index,
      id,
      callerType: timer.callerType?.index ?? 0,
      callerId,
      typename,
      value: value?.slice() ?? null,
      traceparent,
      sequence,
      key: "",
    },
  };
}

function storedRecord(record: OutboxRecord): StoredRecord {
  const { egress, sequence, typename, value, sourceId } = record;
  return {
    egress,
    sequence,
    typename,
    value: value?.slice() ?? null,
    sourceType: record.sourceType.index,
    sourceId,
  };
}
