/**
 * One row of a keyed table as the overlay holds it.
 *
 * A row belongs to the generation of the overlay that created it. Its value may change until the
 * epoch that changed it is sealed; `epoch` is the last epoch that did.
 */
export interface Row {
  readonly table: number;
  readonly key: string;
  /** Null: deleted. */
  value: Uint8Array | null;
  /** Milliseconds since the Unix epoch; 0: never. */
  expiresAtMs: number;
  epoch: number;
  /** The generation of the overlay that holds it. */
  readonly generation: number;
}

/** What an epoch writes of a row. */
export type RowChange = Readonly<Pick<Row, "table" | "key" | "value" | "expiresAtMs">>;
