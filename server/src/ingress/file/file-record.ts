/** One record of a file, or the place where one should be. */
export type FileRecord = ValidRecord | InvalidRecord;

export interface ValidRecord {
  readonly kind: "valid";
  /** Where it begins in the file, in bytes. */
  readonly start: number;
  /** What JSON has no exact number for in JavaScript is a bigint. */
  readonly value: unknown;
  /** The record as JSON text in UTF-8: its own bytes where the file holds JSON. */
  readonly json: () => Uint8Array;
}

export interface InvalidRecord {
  readonly kind: "invalid";
  /** Where it begins in the file, in bytes. */
  readonly start: number;
  /** For people; without the file's name and line. */
  readonly reason: string;
  /** Whether it is known where the next record begins. */
  readonly recoverable: boolean;
}

/**
 * Finds the records in a file's bytes.
 *
 * CALLER: shows the bytes in order, and what was not consumed again in the next call, before the
 * bytes that follow it. No call after an unrecoverable record.
 *
 * CALLEE: reads the same records from the same bytes, however they are cut into calls, also when
 * reading begins at the start of a record that an earlier run has read.
 */
export interface RecordDecoder {
  /**
   * @param offset Where `bytes` begin in the file.
   * @param ended Whether the file ends after them.
   */
  decode(bytes: Buffer, offset: number, ended: boolean): DecodedRecords;
}

export interface DecodedRecords {
  readonly records: readonly FileRecord[];
  /** Bytes that need not be shown again. All of them when the file has ended. */
  readonly consumed: number;
}

/** A copy: a view would keep the whole chunk of the file in memory as long as the message lives. */
export function copyBytes(view: Uint8Array): Uint8Array {
  return new Uint8Array(view);
}
