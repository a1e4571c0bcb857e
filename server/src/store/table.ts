/** Keys from `start`, included, to `end`, left out; absent: from the first, to the last. */
export interface KeyRange {
  readonly start?: Buffer;
  readonly end?: Buffer;
  readonly limit?: number;
}

/** A map in order of the bytes of its keys. */
export interface Table {
  get(key: Buffer): Buffer | undefined;
  /** As get(), but the next read may change the bytes. */
  getBinaryFast(key: Buffer): Buffer | undefined;
  getRange(range?: KeyRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
  getKeys(range: KeyRange): Iterable<Buffer>;
  putSync(key: Buffer, value: Buffer): unknown;
  removeSync(key: Buffer): unknown;
  /** With the count of entries, which LMDB keeps. */
  getStats(): object;
}
