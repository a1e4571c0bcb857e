/** Keys from `start`, included, to `end`, left out; absent: from the first, to the last. */
export interface KeyRange {
  readonly start?: Buffer;
  readonly end?: Buffer;
  readonly limit?: number;
}

/** A table as LMDB's library has it. */
export interface LmdbTable extends Omit<Table, "countKeys" | "lastKey"> {
  /** In reverse, `start` is the last key and `end` the first. */
  getKeys(range: KeyRange & ReverseRange): Iterable<Buffer>;
  /** Knows no limit. */
  getKeysCount(range: KeyRange): number;
}

interface ReverseRange {
  readonly reverse?: boolean;
  readonly exclusiveStart?: boolean;
  readonly inclusiveEnd?: boolean;
}

/** A map in order of the bytes of its keys. */
export interface Table {
  get(key: Buffer): Buffer | undefined;
  /** As get(), but the next read may change the bytes. */
  getBinaryFast(key: Buffer): Buffer | undefined;
  getRange(range?: KeyRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
  getKeys(range: KeyRange): Iterable<Buffer>;
  /** Quicker than to go through them. */
  countKeys(range: Omit<KeyRange, "limit">): number;
  /** Undefined: the range is empty. */
  lastKey(range: Omit<KeyRange, "limit">): Buffer | undefined;
  putSync(key: Buffer, value: Buffer): unknown;
  removeSync(key: Buffer): unknown;
  /** With the count of entries, which LMDB keeps. */
  getStats(): object;
}
