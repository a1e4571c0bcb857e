import { crc32 } from "node:zlib";
import type { ChangeSet } from "../core/change-set.js";
import type { Message } from "../core/message.js";
import type { OutboxRecord } from "../core/outbox.js";
import type { RowChange } from "../core/row.js";
import type { Timer } from "../core/timer.js";
import { ByteReader, CorruptBytesError } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import type { TableName } from "./table-layout.js";
import {
  tableNames,
  writeEgressPrefix,
  writeMailboxPrefix,
  writeMessage,
  writeRowKey,
  writeRowValue,
  writeStateTable,
  writeTimerKey,
} from "./table-layout.js";

/**
 * One epoch in the journal: the changes to the tables, in the tables' own bytes, so that a fold only
 * has to copy them.
 *
 *     header   u32 length of body | u32 CRC-32 of what follows the salt | 8 bytes salt | u64 epoch
 *     body     changes, one after the other
 *     change   u8 table index << 1 | delete   sized key   [sized value, when not a delete]
 *
 * The epoch of a record is that of the record before it plus one: recovery reads until the first
 * record that does not verify.
 *
 * The salt is random and of one use of one file, and leaves it nowhere. So neither what the file
 * held before nor bytes that somebody has put into a value can pass for a record.
 */
export const recordHeaderBytes = 24;

export const recordSaltBytes = 8;
const saltAt = 8;
const epochAt = 16;

const tableIndex = Object.fromEntries(tableNames.map((name, index) => [name, index])) as Record<
  TableName,
  number
>;

/** Encodes change sets into one buffer that is used again. */
export class RecordEncoder {
  readonly #writer = new ByteWriter(1024 * 1024);
  /** Where the key or value that is being written began. */
  #sized = 0;

  /** The record's bytes, valid until the next call. Its salt is zeros until saltRecord(). */
  encode(changes: ChangeSet): Buffer {
    const writer = this.#writer;
    writer.reset();
    writer.skip(recordHeaderBytes);
    writer.raw.fill(0, saltAt, epochAt);
    this.#catalog(changes);
    changes.rows.forEach(this.#row);
    for (const message of changes.messages) this.#message(message);
    for (const message of changes.consumed) this.#consumed(message);
    for (const timer of changes.timersSet) this.#timer(timer);
    for (const timer of changes.timersCleared) {
      this.#begin("timers", true);
      writeTimerKey(this.#writer, timer.dueMs, timer.sequence);
      this.#end();
    }
    for (const record of changes.records) this.#record(record);
    for (const record of changes.recordsAcknowledged) {
      this.#begin("records", true);
      this.#recordKey(record);
      this.#end();
    }
    return this.#seal(changes.epoch);
  }

  #seal(epoch: number): Buffer {
    const writer = this.#writer;
    const { raw, length } = writer;
    raw.writeUInt32BE(length - recordHeaderBytes, 0);
    raw.writeUInt32BE(Math.floor(epoch / 0x1_0000_0000), epochAt);
    raw.writeUInt32BE(epoch >>> 0, epochAt + 4);
    const bytes = writer.view();
    raw.writeUInt32BE(crc32(bytes.subarray(epochAt)), 4);
    return bytes;
  }

  #catalog(changes: ChangeSet): void {
    for (const type of changes.types) {
      this.#begin("types", false);
      this.#writer.u32(type.index);
      this.#value();
      this.#writer.text(type.name);
      this.#end();
    }
    for (const table of changes.stateTables) {
      this.#begin("states", false);
      this.#writer.u32(table.table);
      this.#value();
      writeStateTable(this.#writer, table);
      this.#end();
    }
    this.#begin("meta", false);
    this.#writer.text("nextSequence");
    this.#value();
    this.#writer.u64(changes.nextSequence);
    this.#end();
  }

  readonly #row = (row: RowChange): void => {
    this.#begin("rows", row.value === null);
    writeRowKey(this.#writer, row.table, row.key);
    if (row.value === null) {
      this.#end();
      return;
    }
    this.#value();
    writeRowValue(this.#writer, row.value, row.expiresAtMs);
    this.#end();
  };

  #message(message: Message): void {
    this.#begin("messages", false);
    this.#messageKey(message);
    this.#value();
    writeMessage(this.#writer, {
      callerType: message.callerType?.index ?? 0,
      callerId: message.callerId,
      typename: message.typename,
      value: message.value,
      traceparent: message.traceparent,
      key: message.key,
    });
    this.#end();
  }

  #consumed(message: Message): void {
    this.#begin("messages", true);
    this.#messageKey(message);
    this.#end();
  }

  #messageKey(message: Message): void {
    writeMailboxPrefix(this.#writer, message.type.index, message.id);
    this.#writer.u64(message.sequence);
  }

  #timer(timer: Timer): void {
    const field = this.#writer;
    this.#begin("timers", false);
    writeTimerKey(field, timer.dueMs, timer.sequence);
    this.#value();
    field.sizedText(timer.token);
    field.varint(timer.type.index);
    field.sizedText(timer.id);
    writeMessage(field, {
      callerType: timer.callerType?.index ?? 0,
      callerId: timer.callerId,
      typename: timer.typename,
      value: timer.value,
      traceparent: timer.traceparent,
      key: "",
    });
    this.#end();
  }

  #record(record: OutboxRecord): void {
    const field = this.#writer;
    this.#begin("records", false);
    this.#recordKey(record);
    this.#value();
    field.varint(record.sourceType.index);
    field.sizedText(record.sourceId);
    field.byte(record.value === null ? 0 : 1);
    field.sizedText(record.typename);
    if (record.value !== null) field.bytes(record.value);
    this.#end();
  }

  #recordKey(record: OutboxRecord): void {
    writeEgressPrefix(this.#writer, record.egress);
    this.#writer.u64(record.sequence);
  }

  /** Begins a change, and its key. */
  #begin(table: TableName, isDelete: boolean): void {
    this.#writer.byte((tableIndex[table] << 1) | (isDelete ? 1 : 0));
    this.#sized = this.#writer.beginSized();
  }

  /** Ends the key, and begins the value. */
  #value(): void {
    this.#writer.endSized(this.#sized);
    this.#sized = this.#writer.beginSized();
  }

  /** Ends the key or the value. */
  #end(): void {
    this.#writer.endSized(this.#sized);
  }
}

/** One change to a table. Views into the record. */
export interface TableChange {
  readonly table: TableName;
  readonly key: Buffer;
  /** Null: delete. */
  readonly value: Buffer | null;
}

/** Puts the salt of the file that it goes to into a record. */
export function saltRecord(record: Buffer, salt: Buffer): void {
  salt.copy(record, saltAt);
}

/** The record that starts at the position, or null when no whole, intact one of this salt does. */
export function readRecordHeader(
  bytes: Buffer,
  start: number,
  salt: Buffer,
): { readonly epoch: number; readonly end: number } | null {
  if (start + recordHeaderBytes > bytes.length) return null;
  if (salt.compare(bytes, start + saltAt, start + epochAt) !== 0) return null;
  const length = bytes.readUInt32BE(start);
  const end = start + recordHeaderBytes + length;
  if (length === 0 || end > bytes.length) return null;
  const epochStart = start + epochAt;
  if (crc32(bytes.subarray(epochStart, end)) !== bytes.readUInt32BE(start + 4)) return null;
  const epoch = bytes.readUInt32BE(epochStart) * 0x1_0000_0000 + bytes.readUInt32BE(epochStart + 4);
  return { epoch, end };
}

/**
 * The first intact record at the position or anywhere behind it. A damaged length hides where the
 * next record begins, so every salt is looked at.
 */
export function findRecord(
  bytes: Buffer,
  from: number,
  salt: Buffer,
): { readonly start: number; readonly epoch: number } | null {
  for (let at = from + saltAt; ; at++) {
    at = bytes.indexOf(salt, at);
    if (at < 0) return null;
    const header = readRecordHeader(bytes, at - saltAt, salt);
    if (header !== null) return { start: at - saltAt, epoch: header.epoch };
  }
}

/** Takes the place of one change: what it is about, and where it is. */
export type ChangeVisitor = (change: {
  /** Index in tableNames. */
  readonly table: number;
  readonly isDelete: boolean;
  /** Where the key's bytes are. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** For readChangeAt(). */
  readonly at: number;
}) => void;

/**
 * Visits the changes of a record that readRecordHeader() found, without reading their values.
 *
 * @throws CorruptBytesError when the body is not a sequence of changes.
 */
export function visitChanges(
  bytes: Buffer,
  record: { readonly start: number; readonly end: number },
  visit: ChangeVisitor,
): void {
  const reader = new ByteReader(bytes, record.start + recordHeaderBytes, record.end);
  while (!reader.atEnd) {
    const at = reader.position;
    const head = reader.byte();
    const table = head >> 1;
    if (table >= tableNames.length) throw new CorruptBytesError(`change to table ${table}`);
    const isDelete = (head & 1) === 1;
    const keyBytes = reader.varint();
    const keyStart = reader.position;
    reader.skip(keyBytes);
    if (!isDelete) reader.skip(reader.varint());
    visit({ table, isDelete, keyStart, keyEnd: keyStart + keyBytes, at });
  }
}

/** The change that visitChanges() found at the position. Views into the record. */
export function readChangeAt(bytes: Buffer, at: number): TableChange {
  const reader = new ByteReader(bytes, at);
  const head = reader.byte();
  const table = tableNames[head >> 1];
  if (table === undefined) throw new CorruptBytesError(`change to table ${head >> 1}`);
  const key = reader.sizedBytes();
  return { table, key, value: (head & 1) === 1 ? null : reader.sizedBytes() };
}
