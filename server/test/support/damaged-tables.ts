import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableNames } from "../../src/codec/table-layout.js";
import { openTables } from "../../src/store/tables.js";
import { Random } from "./random.js";

// Tables with a bit of everything, their file with a bit of damage, and what reading them gives.

/** Fills tables over several transactions: values of all sizes, and pages that are free again. */
export async function writeTables(directory: string, seed: number): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const tables = openTables(directory);
  const random = new Random(BigInt(seed));
  for (let batch = 0; batch < 8; batch++) {
    tables.root.transactionSync(() => {
      for (let change = 0; change < 250; change++) {
        const table = tables.byName[random.pick([...tableNames, "rows", "rows", "rows"] as const)];
        const key = Buffer.from(`key-${random.below(800)}`);
        const bytes = random.below(random.pick([40, 40, 40, 20_000]));
        if (random.below(5) === 0) table.removeSync(key);
        else table.putSync(key, Buffer.alloc(bytes, random.below(256)));
      }
    });
  }
  await tables.root.close();
}

/** Every key and value, read through LMDB and looked up again; and room for more is found. */
export async function readTables(directory: string): Promise<string> {
  const tables = openTables(directory);
  const lines: string[] = [];
  for (const name of tableNames) {
    const table = tables.byName[name];
    for (const { key, value } of table.getRange()) {
      const found = table.get(key)?.equals(value) === true;
      lines.push(`${name} ${key.toString("hex")} ${value.toString("base64")} ${found}`);
    }
  }
  tables.root.transactionSync(() => {
    for (let at = 0; at < 20; at++) {
      tables.byName.rows.putSync(Buffer.from(`new-${at}`), Buffer.alloc(3000));
    }
  });
  await tables.root.close();
  return lines.join("\n");
}

/** Replaces the tables of a directory by a damaged copy of their file. Returns what was done. */
export function damageTables(directory: string, original: Buffer, random: Random): string {
  const bytes = Buffer.from(original);
  const pages = bytes.length / 4096;
  const at = random.below(bytes.length);
  const kind = random.pick(["bit", "bit", "bytes", "page", "header", "header"] as const);
  if (kind === "bit") flip(bytes, at, random);
  else if (kind === "bytes") {
    for (let more = random.below(600); more >= 0; more--) bytes[at + more] = random.below(256);
  } else if (kind === "page") {
    const from = 4096 * random.below(pages);
    original.copy(bytes, 4096 * random.below(pages), from, from + 4096);
  } else flip(bytes, 4096 * random.below(pages) + random.below(64), random);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(join(directory, "data.mdb"), bytes);
  return `${kind} at ${at}`;
}

function flip(bytes: Buffer, at: number, random: Random): void {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
}

/** The file of the tables. */
export function readTableBytes(directory: string): Buffer {
  return readFileSync(join(directory, "data.mdb"));
}
