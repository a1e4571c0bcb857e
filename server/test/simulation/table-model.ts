import { readChangeAt, visitChanges } from "../../src/codec/record-codec.js";
import type { TableName } from "../../src/codec/table-layout.js";
import { readRowExpiry, tableNames } from "../../src/codec/table-layout.js";
import type { SimulatedTables } from "./simulated-tables.js";
import type { Verdict } from "./verdict.js";

/** Tables whose entries are put once and deleted once. */
const onceOnly: ReadonlySet<TableName> = new Set(["messages", "timers", "records"]);

/** What the store keeps for itself is not looked at. */
const compared = ["rows", "messages", "timers", "records", "types", "states"] as const;

interface DurableRecord {
  readonly epoch: number;
  readonly bytes: Buffer;
}

/**
 * What the tables must hold: every durable epoch's changes, one after the other, without anything
 * that a fold does to save work.
 */
export class TableModel {
  readonly #verdict: Verdict;
  readonly #tables = new Map<TableName, Map<string, string>>(
    tableNames.map((name) => [name, new Map()]),
  );
  /** Durable, and not in the tables yet. */
  readonly #records: DurableRecord[] = [];
  /** By key. */
  readonly #epochOfRecord = new Map<string, number>();
  #durableEpoch = 0;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  /** The newest epoch that is on the disk, whether the node knows it or not. */
  get durableEpoch(): number {
    return this.#durableEpoch;
  }

  /** A journal record is on the disk from its first byte to its last. */
  durable(bytes: Buffer): void {
    const epoch = Number(bytes.readBigUInt64BE(16));
    const next = this.#durableEpoch + 1;
    this.#verdict.check(epoch === next, `epoch ${epoch} is written where ${next} comes next`);
    this.#durableEpoch = epoch;
    this.#records.push({ epoch, bytes: Buffer.from(bytes) });
    visitChanges(
      bytes,
      { start: 0, end: bytes.length },
      ({ table, isDelete, keyStart, keyEnd }) => {
        if (tableNames[table] !== "records" || isDelete) return;
        this.#epochOfRecord.set(bytes.toString("latin1", keyStart, keyEnd), epoch);
      },
    );
  }

  /** The epoch that has made a record of an egress durable; undefined: none has. */
  epochOfRecord(egress: string, sequence: number): number | undefined {
    const key = Buffer.alloc(2 + egress.length + 8);
    key.writeUInt16BE(egress.length);
    key.write(egress, 2, "latin1");
    key.writeBigUInt64BE(BigInt(sequence), 2 + egress.length);
    return this.#epochOfRecord.get(key.toString("latin1"));
  }

  /**
   * The tables hold every epoch up to this one: they must be what the epochs come to. Rows that
   * expired at or before the time may be gone.
   */
  folded(epoch: number, tables: SimulatedTables, expiredMs: number): void {
    while ((this.#records[0]?.epoch ?? Number.POSITIVE_INFINITY) <= epoch) {
      this.#apply(this.#records.shift() as DurableRecord);
    }
    for (const name of compared) this.#compare(name, tables.byName[name].entries(), expiredMs);
  }

  #apply({ epoch, bytes }: DurableRecord): void {
    visitChanges(bytes, { start: 0, end: bytes.length }, ({ at }) => {
      const { table, key, value } = readChangeAt(bytes, at);
      const entries = this.#entriesOf(table);
      const name = key.toString("latin1");
      const isThere = entries.has(name);
      if (onceOnly.has(table)) {
        const what = value === null ? "deletes what is not there" : "puts what is there";
        this.#verdict.check(isThere === (value === null), () => `epoch ${epoch} ${what}: ${table}`);
      }
      if (value === null) entries.delete(name);
      else entries.set(name, value.toString("latin1"));
    });
  }

  #compare(name: TableName, actual: ReadonlyMap<string, Buffer>, expiredMs: number): void {
    const expected = this.#entriesOf(name);
    for (const [key, value] of actual) {
      if (expected.get(key) === value.toString("latin1")) continue;
      const what = expected.has(key) ? "another value under" : "what should be gone under";
      this.#verdict.fail(`the tables hold ${what} ${name} ${JSON.stringify(key)}`);
    }
    for (const [key, value] of expected) {
      if (actual.has(key) || (name === "rows" && isExpired(value, expiredMs))) continue;
      this.#verdict.fail(`the tables lack ${name} ${JSON.stringify(key)}`);
    }
  }

  #entriesOf(name: TableName): Map<string, string> {
    return this.#tables.get(name) ?? this.#verdict.fail(`no table ${name}`);
  }
}

function isExpired(row: string, atMs: number): boolean {
  const expiresAtMs = readRowExpiry(Buffer.from(row, "latin1"));
  return expiresAtMs > 0 && expiresAtMs <= atMs;
}
