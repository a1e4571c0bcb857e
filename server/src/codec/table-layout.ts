import type { Expiration } from "../core/command.js";
import type {
  StoredMessage,
  StoredRecord,
  StoredRow,
  StoredStateTable,
  StoredTimer,
} from "../core/store-view.js";
import { ByteReader, CorruptBytesError } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";

/**
 * Keys and values of the LMDB tables, byte for byte. u16, u32 and u64 are big-endian, so that the
 * order of the keys is the order of the numbers; "sized" is a varint length and then the bytes.
 *
 *     rows      key  u32 table | utf8 key                value  row, below
 *     messages  key  u32 type | u16 length | id | u64 sequence      value  message, below
 *     timers    key  u64 due ms | u64 sequence           value  sized token | address | message
 *     records   key  u16 length | egress | u64 sequence  value  source | flags | typename | value
 *     types     key  u32 index                           value  utf8 name
 *     states    key  u32 table                           value  sized texts | expiration
 *     meta      key  utf8 name                           value  u64, or text
 *     expiries  key  u64 ms | row key                    value  none
 *
 *     row       0x00 | value            never expires
 *               0x01 | u64 ms | value   expires
 *     message   flags | [caller] | sized typename | [sized traceparent] | [sized key] | [value]
 */
export const tableNames = [
  "rows",
  "messages",
  "timers",
  "records",
  "types",
  "states",
  "meta",
  "expiries",
] as const;

/** Tables that follow from the others: no checkpoint has them, and a restore makes them anew. */
export const derivedTables: ReadonlySet<string> = new Set(["expiries"]);

export type TableName = (typeof tableNames)[number];

/** The version of this layout, which the data directory says. A change of layout raises it. */
export const formatVersion = 3;

const hasValue = 1;
const hasCaller = 2;
const hasTrace = 4;
const hasKey = 8;

export function writeRowKey(writer: ByteWriter, table: number, key: string): void {
  writer.u32(table);
  writer.text(key);
}

export function writeRowValue(writer: ByteWriter, value: Uint8Array, expiresAtMs: number): void {
  if (expiresAtMs === 0) writer.byte(0);
  else {
    writer.byte(1);
    writer.u64(expiresAtMs);
  }
  writer.bytes(value);
}

/** The value is copied: the source may be memory that the next read changes. */
export function readRowValue(bytes: Buffer): StoredRow {
  if (bytes[0] === 0) return { value: copyOf(bytes, 1), expiresAtMs: 0 };
  if (bytes[0] !== 1) throw new CorruptBytesError(`a row that begins with ${bytes[0]}`);
  const reader = new ByteReader(bytes, 1);
  const expiresAtMs = reader.u64();
  return { value: copyOf(bytes, reader.position), expiresAtMs };
}

/** When a stored row expires; 0: never. */
export function readRowExpiry(bytes: Buffer): number {
  return bytes[0] === 1 ? Number(bytes.readBigUInt64BE(1)) : 0;
}

/** What stands before the row's key in an expiry's key. */
export const expiryKeyBytes = 8;

export function writeExpiryKey(writer: ByteWriter, expiresAtMs: number, rowKey: Buffer): void {
  writer.u64(expiresAtMs);
  writer.bytes(rowKey);
}

/** When the row of an expiry's key was to expire. */
export function readExpiryKey(key: Buffer): number {
  return Number(key.readBigUInt64BE(0));
}

/** The part of a message key that all messages of one mailbox share. */
export function writeMailboxPrefix(writer: ByteWriter, type: number, id: string): void {
  writer.u32(type);
  writeShortText(writer, id);
}

export function readMessageKey(key: Buffer): { type: number; id: string; sequence: number } {
  const reader = new ByteReader(key);
  const type = reader.u32();
  return { type, id: reader.text(reader.u16()), sequence: reader.u64() };
}

export interface MessageFields {
  /** Index; 0: from an ingress. */
  readonly callerType: number;
  readonly callerId: string;
  readonly typename: string;
  readonly value: Uint8Array | null;
  readonly traceparent: string;
  readonly key: string;
}

export function writeMessage(writer: ByteWriter, message: MessageFields): void {
  writer.byte(
    (message.value === null ? 0 : hasValue) |
      (message.callerType === 0 ? 0 : hasCaller) |
      (message.traceparent === "" ? 0 : hasTrace) |
      (message.key === "" ? 0 : hasKey),
  );
  if (message.callerType !== 0) {
    writer.varint(message.callerType);
    writer.sizedText(message.callerId);
  }
  writer.sizedText(message.typename);
  if (message.traceparent !== "") writer.sizedText(message.traceparent);
  if (message.key !== "") writer.sizedText(message.key);
  if (message.value !== null) writer.bytes(message.value);
}

export function readMessage(reader: ByteReader): MessageFields {
  const flags = reader.byte();
  const callerType = (flags & hasCaller) === 0 ? 0 : reader.varint();
  return {
    callerType,
    callerId: callerType === 0 ? "" : reader.sizedText(),
    typename: reader.sizedText(),
    traceparent: (flags & hasTrace) === 0 ? "" : reader.sizedText(),
    key: (flags & hasKey) === 0 ? "" : reader.sizedText(),
    value: (flags & hasValue) === 0 ? null : reader.rest(),
  };
}

export function readStoredMessage(key: Buffer, value: Buffer): StoredMessage {
  return { ...readMessageKey(key), ...readMessage(new ByteReader(value)) };
}

export function writeTimerKey(writer: ByteWriter, dueMs: number, sequence: number): void {
  writer.u64(dueMs);
  writer.u64(sequence);
}

export function readStoredTimer(key: Buffer, value: Buffer): StoredTimer {
  const keyReader = new ByteReader(key);
  const dueMs = keyReader.u64();
  const sequence = keyReader.u64();
  const reader = new ByteReader(value);
  const token = reader.sizedText();
  const type = reader.varint();
  const id = reader.sizedText();
  return { dueMs, token, message: { type, id, sequence, ...readMessage(reader) } };
}

/** The part of a record key that all records of one egress share. */
export function writeEgressPrefix(writer: ByteWriter, egress: string): void {
  writeShortText(writer, egress);
}

export function readEgressKey(key: Buffer): { egress: string; sequence: number } {
  const reader = new ByteReader(key);
  return { egress: reader.text(reader.u16()), sequence: reader.u64() };
}

export function readStoredRecord(key: Buffer, value: Buffer): StoredRecord {
  const { egress, sequence } = readEgressKey(key);
  const reader = new ByteReader(value);
  const sourceType = reader.varint();
  const sourceId = reader.sizedText();
  const present = reader.byte() === hasValue;
  const typename = reader.sizedText();
  return {
    egress,
    sequence,
    sourceType,
    sourceId,
    typename,
    value: present ? reader.rest() : null,
  };
}

export function writeStateTable(writer: ByteWriter, table: StoredStateTable): void {
  writer.sizedText(table.typeName);
  writer.sizedText(table.name);
  writer.sizedText(table.typename);
  writer.byte(table.expiration === null ? 0 : table.expiration.mode === "afterWrite" ? 1 : 2);
  if (table.expiration !== null) writer.u64(table.expiration.durationMs);
}

export function readStateTable(key: Buffer, value: Buffer): StoredStateTable {
  const reader = new ByteReader(value);
  return {
    table: new ByteReader(key).u32(),
    typeName: reader.sizedText(),
    name: reader.sizedText(),
    typename: reader.sizedText(),
    expiration: readExpiration(reader),
  };
}

function writeShortText(writer: ByteWriter, text: string): void {
  const lengthAt = writer.skip(2);
  const length = writer.text(text);
  // Only now: the text may have moved the bytes to a larger buffer.
  writer.raw.writeUInt16BE(length, lengthAt);
}

function readExpiration(reader: ByteReader): Expiration | null {
  const mode = reader.byte();
  if (mode === 0) return null;
  return { mode: mode === 1 ? "afterWrite" : "afterInvocation", durationMs: reader.u64() };
}

function copyOf(bytes: Buffer, start: number): Buffer {
  return Buffer.from(bytes.subarray(start));
}
