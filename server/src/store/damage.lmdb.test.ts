import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordOf, rowChanges, rowTable } from "../../test/support/epoch-records.js";
import { formatVersion } from "../codec/table-layout.js";
import type { ChangeSet } from "../core/change-set.js";
import { segmentHeaderBytes } from "./segment.js";
import { Store } from "./store.js";
import { metaNumber, openTables } from "./tables.js";

// Goal: what is damaged, cut off, missing or of another format is named and left alone. Method: copies
// of the directory of a real store, taken while it runs, each damaged in one way.

const segmentBytes = 64 * 1024;

describe("Store.open on a damaged directory", () => {
  let directory = "";
  let copies = 0;
  let stores: Store[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-store-"));
  });

  afterEach(async () => {
    await closeAll();
    rmSync(directory, { recursive: true });
  });

  async function closeAll(): Promise<void> {
    for (const store of stores) await store.close();
    stores = [];
  }

  async function open(path = join(directory, "data")): Promise<Store> {
    const store = await Store.open({ directory: path, segmentBytes });
    stores.push(store);
    return store;
  }

  function append(store: Store, changes: ChangeSet): Promise<void> {
    return store.append(recordOf(changes), changes.epoch);
  }

  /** What a process that is killed now would leave. */
  function crash(): string {
    const copy = join(directory, `copy-${++copies}`);
    cpSync(join(directory, "data"), copy, {
      recursive: true,
      filter: (path) => !path.includes("lock.sock"),
    });
    return copy;
  }

  function journalFiles(path: string, prefix = "journal-"): string[] {
    const folder = join(path, "journal");
    const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
    return names.sort().map((name) => join(folder, name));
  }

  function textOf(store: Store, key: string): string | undefined {
    const row = store.readRow(rowTable, key);
    return row === undefined ? undefined : Buffer.from(row.value).toString();
  }

  it("removes a segment that was being prepared: all zeros, or with its old header", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    const path = crash();
    const [file = ""] = journalFiles(path);
    const old = readFileSync(file);
    const next = join(path, "journal", "journal-000000000002");
    for (const prepared of [Buffer.alloc(segmentBytes), old]) {
      for (const name of journalFiles(path)) rmSync(name);
      writeFileSync(file, old);
      writeFileSync(next, prepared);
      const again = await open(path);
      assert.equal(textOf(again, "a"), "1");
      await closeAll();
    }
  });

  it("keeps a segment whose header is zeros, of a later number or cut off, and names it", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    const path = crash();
    const [file = ""] = journalFiles(path);
    const bytes = readFileSync(file);
    const moved = file.replace("000000000001", "000000000000");
    const damages: [string, Buffer, RegExp][] = [
      [file, Buffer.from(bytes).fill(0, 0, 4096), /damaged at byte 0: it is zeros/],
      [file, Buffer.alloc(0), /damaged at byte 0: it has 0 bytes/],
      [file, Buffer.alloc(30), /damaged at byte 0: it has 30 bytes/],
      [file, bytes.subarray(0, 5000), /cut off: it has 5000 of 65536 bytes/],
      [moved, bytes, /has the header of number 1/],
    ];
    for (const [name, damaged, message] of damages) {
      rmSync(file, { force: true });
      writeFileSync(name, damaged);
      await assert.rejects(open(path), { code: "JOURNAL_CORRUPT", message });
      assert.ok(readFileSync(name).equals(damaged));
      rmSync(name);
    }
  });

  it("names a journal without a segment, though the tables hold epochs", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    await store.fold(1);
    const path = crash();
    for (const name of readdirSync(join(path, "journal"))) rmSync(join(path, "journal", name));
    const expected = { code: "JOURNAL_CORRUPT", message: /has no segment, and the tables hold/ };
    await assert.rejects(open(path), expected);
    rmSync(join(path, "journal"), { recursive: true });
    await assert.rejects(open(path), expected, "the directory too");
  });

  it("starts from spares alone: the process died between two uses of a file", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    await store.fold(1);
    const path = crash();
    for (const name of journalFiles(path)) {
      renameSync(name, join(path, "journal", "spare-1"));
    }
    assert.equal(textOf(await open(path), "a"), "1");
  });

  for (const [what, damage] of [
    ["its magic", (bytes: Buffer) => bytes.writeUInt8(0, 0)],
    ["its number", (bytes: Buffer) => bytes.writeUInt8(9, 15)],
    ["its first epoch", (bytes: Buffer) => bytes.writeUInt8(9, 23)],
  ] as const) {
    it(`keeps a segment whose header is damaged in ${what}, and names it`, async () => {
      const store = await open();
      await append(store, rowChanges(1, { a: "1" }));
      const path = crash();
      const [file = ""] = journalFiles(path);
      const bytes = readFileSync(file);
      damage(bytes);
      writeFileSync(file, bytes);
      await assert.rejects(open(path), {
        code: "JOURNAL_CORRUPT",
        message: `${file} is damaged at byte 0: its header does not verify`,
      });
      assert.deepEqual(readFileSync(file), bytes);
    });
  }

  it("names a damaged record with its file and byte, and changes nothing", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    await append(store, rowChanges(2, { a: "2" }));
    await append(store, rowChanges(3, { a: "3" }));
    const path = crash();
    const [file = ""] = journalFiles(path);
    const bytes = readFileSync(file);
    const second = segmentHeaderBytes + recordOf(rowChanges(1, { a: "1" })).length;
    bytes.writeUInt8(0xff, second + 28);
    writeFileSync(file, bytes);
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(open(path), {
        code: "JOURNAL_CORRUPT",
        message:
          `${file} is damaged at byte ${second}: epoch 2 does not verify, ` +
          "and epoch 3 follows it",
      });
    }
    assert.deepEqual(readFileSync(file), bytes);
  });

  it("names a segment that is missing between two", async () => {
    const store = await open();
    for (let epoch = 1; epoch <= 6; epoch++) {
      await append(store, rowChanges(epoch, { a: "x".repeat(25_000) }));
    }
    const path = crash();
    const files = journalFiles(path);
    assert.equal(files.length, 3);
    rmSync(files[1] ?? "");
    await assert.rejects(open(path), {
      code: "JOURNAL_CORRUPT",
      message: `${files[2]} begins with epoch 5, and what is before it ends at 2`,
    });
  });

  for (const [what, text, message] of [
    ["a later format", `${formatVersion + 1}\n`, `has format ${formatVersion + 1}`],
    ["a damaged format", "\u0000\n", 'has format "\\u0000"'],
    ["no file that says so", null, "has no file format: its format is older"],
  ] as const) {
    it(`refuses a directory of ${what} and leaves every byte of it`, async () => {
      const store = await open();
      await append(store, rowChanges(1, { a: "1" }));
      await closeAll();
      const file = join(directory, "data", "format");
      rmSync(file);
      if (text !== null) writeFileSync(file, text);
      const before = contentsOf(join(directory, "data"));
      const expected = {
        code: "FORMAT_UNKNOWN",
        message: `data directory ${join(directory, "data")} ${message}; this version reads ${formatVersion}`,
      };
      await assert.rejects(open(), expected);
      await assert.rejects(open(), expected, "the lock is free again");
      assert.deepEqual(contentsOf(join(directory, "data")), before);
    });
  }

  it("refuses tables of another format, though their directory is right", async () => {
    await open();
    await closeAll();
    const tables = openTables(join(directory, "data", "tables"));
    tables.byName.meta.putSync(Buffer.from("format"), metaNumber(formatVersion + 1));
    await tables.root.close();
    const message = new RegExp(`has format ${formatVersion + 1}; this version reads`);
    await assert.rejects(open(), { code: "FORMAT_UNKNOWN", message });
  });

  it("refuses a segment of a later format and keeps it", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    const path = crash();
    const [file = ""] = journalFiles(path);
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(3, 4);
    writeFileSync(file, bytes);
    await assert.rejects(open(path), { code: "FORMAT_UNKNOWN", message: /has format 3/ });
    assert.ok(existsSync(file));
  });

  it("names tables whose file is damaged or cut off, instead of dying of them", async () => {
    const store = await open();
    for (let epoch = 1; epoch <= 3; epoch++) {
      await append(store, rowChanges(epoch, { [`key ${epoch}`]: "x".repeat(9000) }));
    }
    await store.fold(3);
    const size = statSync(join(directory, "data", "tables", "data.mdb")).size;
    const damages: ((file: string) => void)[] = [
      (file) => writeFileSync(file, Buffer.alloc(32_768)),
      (file) => writeFileSync(file, "not a table at all"),
      ...[100, 4096, 8192, size / 2, size - 4096, size - 1].map(
        (bytes) => (file: string) => truncateSync(file, bytes),
      ),
      (file) => writeFileSync(file, readFileSync(file).fill(0xaa, 4096, 8192)),
      (file) => writeFileSync(file, readFileSync(file).fill(0, size / 2, size / 2 + 4096)),
      // One bit of a value. What is between entries is whatever memory held before: only so many in a
      // row are a value's.
      (file) => {
        const bytes = readFileSync(file);
        const at = bytes.lastIndexOf("x".repeat(8000));
        bytes.writeUInt8(0x79, at);
        writeFileSync(file, bytes);
      },
    ];
    for (const damage of damages) {
      const path = crash();
      const file = join(path, "tables", "data.mdb");
      damage(file);
      const before = readFileSync(file);
      for (let attempt = 0; attempt < 2; attempt++) {
        await assert.rejects(open(path), {
          code: "TABLES_CORRUPT",
          message: new RegExp(`${file} is damaged: .*; restore the data directory from a`),
        });
      }
      assert.ok(readFileSync(file).equals(before));
    }
  });

  it("starts with any notes of LMDB about its readers", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    const path = crash();
    writeFileSync(join(path, "tables", "lock.mdb"), Buffer.alloc(8192, 0xaa));
    assert.equal(textOf(await open(path), "a"), "1");
  });

  it("looks at every page again when two starts in a row ended early", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "value of a" }));
    await store.fold(1);
    await closeAll();
    const file = join(directory, "data", "tables", "data.mdb");
    utimesSync(file, 1000, 1000);
    await open();
    await closeAll();
    // As a disk that changes a bit by itself: nobody has written the file.
    const bytes = readFileSync(file);
    bytes.write("V", bytes.lastIndexOf("value of a"));
    writeFileSync(file, bytes, { flag: "r+" });
    utimesSync(file, 1000, 1000);
    for (let start = 0; start < 2; start++) startAndDie(join(directory, "data"));
    await assert.rejects(open(), { code: "TABLES_CORRUPT", message: /does not verify/ });
  });

  it("never gives a value that is not what was written", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "value of a", b: "value of b" }));
    await store.fold(1);
    const file = join(directory, "data", "tables", "data.mdb");
    const bytes = readFileSync(file);
    for (let at = bytes.indexOf("value of a"); at >= 0; at = bytes.indexOf("value of a", at + 1)) {
      bytes.write("V", at);
    }
    // In place: LMDB has the file mapped.
    writeFileSync(file, bytes, { flag: "r+" });
    assert.throws(() => textOf(store, "a"), {
      code: "TABLES_CORRUPT",
      message: new RegExp(`${file} is damaged: the value of key 0000001061 in table rows does not`),
    });
    assert.equal(textOf(store, "b"), "value of b");
  });
});

/** A process that opens the store, and ends at once. */
function startAndDie(path: string): void {
  const script = `
    const { Store } = await import(${JSON.stringify(new URL("./store.js", import.meta.url).href)});
    await Store.open({ directory: ${JSON.stringify(path)}, segmentBytes: ${segmentBytes} });
    process.exit(7);`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  assert.equal(status, 7, stderr.toString());
}

/** Every file of a directory, by its path, but what only a running store has. */
function contentsOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex"),
    ]);
  return Object.fromEntries(files);
}
