import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { LedgerRecord } from "../support/process-ledger.js";

/** Files of records too large for memory, and what comes out for them. */
export interface NumberedRecords {
  readonly count: number;
  /** Record n is for address n modulo so many. */
  readonly addresses: number;
  readonly amount: number;
  /** Of each, beside the rest; 0 if it is not given. */
  readonly textBytes?: number;
}

/** What became of numbered records. */
export interface LinesOutcome {
  readonly lost: number;
  readonly doubled: number;
  /** Lines in front of one that belongs before them. */
  readonly disordered: number;
}

export async function writeRecords(path: string, records: NumberedRecords): Promise<void> {
  const file = createWriteStream(path);
  const { count, addresses, amount, textBytes = 0 } = records;
  const text = "x".repeat(textBytes);
  for (let number = 0; number < count; number++) {
    const record: LedgerRecord = { account: `a${number % addresses}`, number, amount, text };
    if (!file.write(`${JSON.stringify(record)}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

/** Reads lines that begin with the address and the number of a record. */
export async function compareLines(path: string, records: NumberedRecords): Promise<LinesOutcome> {
  const { count, addresses } = records;
  const seen = new Uint8Array(count);
  const latest = new Int32Array(addresses).fill(-1);
  let doubled = 0;
  let disordered = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [, address = "", text = ""] = /^a(\d+) (\d+)(?: |$)/.exec(line) ?? [];
    const number = Number(text);
    const isKnown = text !== "" && number < count && number % addresses === Number(address);
    if (!isKnown || seen[number] === 1) {
      doubled++;
      continue;
    }
    seen[number] = 1;
    if (number < (latest[Number(address)] ?? 0)) disordered++;
    latest[Number(address)] = number;
  }
  const lost = seen.reduce((sum, flag) => sum + 1 - flag, 0);
  return { lost, doubled, disordered };
}
