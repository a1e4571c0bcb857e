import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import type { Figures } from "../figures.js";
import { measured } from "./measured.js";
import { keyOf, RandomValues, valueBytes } from "./rows.js";

/** Entries of one transaction: about the 4 MiB of a restore's. */
const transactionEntries = 4096;
/** A row has a byte before its value, and a checksum before that. */
const storedBytes = valueBytes + 5;

/**
 * What LMDB takes: rows as long as those of a restore, from memory, in the order of their keys,
 * appended without a sync before the end. Their keys and values are counted, as a restore does.
 */
export async function measureRawTables(options: {
  readonly directory: string;
  readonly entries: number;
}): Promise<Figures> {
  const { directory, entries } = options;
  rmSync(directory, { recursive: true, force: true });
  const keys = Array.from({ length: entries }, (_, at) => keyOf(at));
  const { wallMs, cpuMs } = await measured(() => appendAll(directory, keys));
  rmSync(directory, { recursive: true });
  const bytes = entries * (valueBytes + 1 + keyOf(0).length);
  return { restoreMBps: bytes / 1e3 / wallMs, restoreCpuMsPerMB: (cpuMs * 1e6) / bytes };
}

async function appendAll(directory: string, keys: readonly Buffer[]): Promise<void> {
  const values = new RandomValues();
  const settings = { encoding: "binary", keyEncoding: "binary" } as const;
  const environment = { maxDbs: 1, noMemInit: true, overlappingSync: false, noSync: true } as const;
  const root = open({ path: directory, ...settings, ...environment });
  const rows = root.openDB<Buffer, Buffer>({ name: "rows", ...settings });
  for (let from = 0; from < keys.length; from += transactionEntries) {
    root.transactionSync(() => {
      for (const key of keys.slice(from, from + transactionEntries)) {
        rows.putSync(key, values.next(storedBytes), { append: true });
      }
    });
  }
  await root.close();
  const file = openSync(join(directory, "data.mdb"), "r+");
  fsyncSync(file);
  closeSync(file);
}
