/** What an epoch writes of a row of a keyed table. */
export interface RowChange {
  readonly table: number;
  readonly key: string;
  /** Null: deleted. */
  readonly value: Uint8Array | null;
  /** Milliseconds since the Unix epoch; 0: never. */
  readonly expiresAtMs: number;
}

/** The rows that one epoch changed, each once. */
export interface RowChanges {
  readonly length: number;
  /** Each row is valid until the next one. */
  forEach(visit: (row: RowChange) => void): void;
}
