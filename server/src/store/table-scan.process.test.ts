import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTableBytes, readTables, writeTables } from "../../test/support/damaged-tables.js";
import { checksumBytes } from "./checked-table.js";
import { withTableFile } from "./table-file.js";
import { scanTables } from "./table-scan.js";
import { openTables } from "./tables.js";

// Goal: what passes the scan, LMDB reads, and it is what was written. Method: real tables, damaged
// many times; those that pass are read in a process of their own, which a signal may end.

const support = new URL("../../test/support/", import.meta.url).href;
const store = new URL("./", import.meta.url).href;

/** Damages, scans and reads, and says how it went; the last line is before what may kill it. */
const script = `
  const [directory, seed, count] = process.argv.slice(1);
  const { Random } = await import("${support}random.js");
  const tables = await import("${support}damaged-tables.js");
  const { withTableFile } = await import("${store}table-file.js");
  const { scanTables } = await import("${store}table-scan.js");
  const original = tables.readTableBytes(directory);
  const expected = await tables.readTables(directory);
  const random = new Random(BigInt(seed));
  let found = 0;
  for (let at = 0; at < Number(count); at++) {
    const what = tables.damageTables(directory + "-damaged", original, random);
    console.log(what);
    try {
      withTableFile(directory + "-damaged", scanTables);
    } catch (error) {
      if (error.code !== "TABLES_CORRUPT" && error.code !== "FORMAT_UNKNOWN") throw error;
      found++;
      continue;
    }
    if ((await tables.readTables(directory + "-damaged")) !== expected) {
      throw new Error("other contents after: " + what);
    }
  }
  console.log("found " + found);`;

describe("scanTables", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-scan-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
    rmSync(`${directory}-damaged`, { recursive: true, force: true });
  });

  it("passes what LMDB writes, over many transactions", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const path = join(directory, `tables-${seed}`);
      await writeTables(path, seed);
      withTableFile(path, scanTables);
      await readTables(path);
      withTableFile(path, scanTables);
    }
  });

  it("lets LMDB have no file that it would die of, or that reads otherwise", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    await writeTables(directory, seed);
    const child = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      script,
      directory,
      String(seed),
      "150",
    ]);
    let said = "";
    child.stdout.on("data", (text: Buffer) => {
      said += text.toString();
    });
    child.stderr.on("data", (text: Buffer) => {
      said += text.toString();
    });
    const [code, signal] = await once(child, "close");
    const last = said.trim().split("\n").slice(-12).join("\n");
    assert.deepEqual([code, signal], [0, null], `seed ${seed}: ${last}`);
    assert.ok(Number(/found (\d+)$/.exec(last)?.[1]) > 40, `${last}: damage is found`);
  });

  it("finds any changed byte of a key and of its value", async () => {
    const tables = openTables(directory);
    tables.byName.rows.putSync(Buffer.from("a key"), Buffer.from("the value"));
    await tables.root.close();
    const original = readTableBytes(directory);
    const places = occurrences(original, "a key");
    for (let at = 0; at < "a key".length + checksumBytes + "the value".length; at++) {
      const found = places.filter((place) => {
        const bytes = Buffer.from(original);
        bytes[place + at] = (bytes[place + at] ?? 0) ^ 1;
        writeFileSync(join(directory, "data.mdb"), bytes);
        return isRefused(directory);
      });
      assert.equal(found.length, 1, `byte ${at}: only one of ${places.join()} is in use`);
    }
  });
});

function occurrences(bytes: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at);
  return places;
}

function isRefused(directory: string): boolean {
  try {
    withTableFile(directory, scanTables);
    return false;
  } catch {
    return true;
  }
}
