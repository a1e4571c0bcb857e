import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { changeSet, recordOf, rowChanges, rowTable } from "../../test/support/epoch-records.js";
import { ByteWriter } from "../codec/byte-writer.js";
import { recordHeaderBytes, saltRecord } from "../codec/record-codec.js";
import { writeRowKey } from "../codec/table-layout.js";
import { createType } from "../core/catalog.js";
import type { ChangeSet } from "../core/change-set.js";
import type { FunctionType } from "../core/function-type.js";
import type { Message } from "../core/message.js";
import { foldInto, foldSlices } from "./fold.js";
import { Journal } from "./journal.js";
import { NetEffect } from "./net-effect.js";
import { parseSegmentHeader, segmentHeaderBytes } from "./segment.js";
import { systemDisk } from "./system-disk.js";
import type { Tables } from "./tables.js";
import { entryCount, openTables, readMetaNumber } from "./tables.js";

// Goal: the fold of any epochs is what writing them one by one would have left, however often and in
// however many steps it is done; and damage is told from a torn end. Method: real journal files,
// damaged byte by byte, and real tables.

const segmentBytes = 16 * 1024;
const all = Number.MAX_SAFE_INTEGER;
type Rows = Readonly<Record<string, string | null>>;

describe("fold", () => {
  let directory = "";
  let tables: Tables;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-fold-"));
    tables = openTables(join(directory, "tables"));
  });

  afterEach(async () => {
    await tables.root.close();
    rmSync(directory, { recursive: true });
  });

  /** Writes epochs into a journal of its own and returns its segments. */
  function write(epochs: readonly Rows[], firstEpoch = 1): Promise<string[]> {
    return writeRecords(
      epochs.map((rows, at) => rowChanges(firstEpoch + at, rows)),
      firstEpoch,
    );
  }

  async function writeRecords(epochs: readonly ChangeSet[], firstEpoch = 1): Promise<string[]> {
    const path = mkdtempSync(join(directory, "journal-"));
    const journal = new Journal(
      { disk: systemDisk, directory: path, segmentBytes },
      { folded: [], firstEpoch },
    );
    for (const changes of epochs) await journal.append(recordOf(changes), changes.epoch);
    await journal.close();
    return journal.segments.map((segment) => segment.path);
  }

  function netOf(paths: readonly string[], fromEpoch = 0, toEpoch = all): NetEffect {
    const net = new NetEffect(fromEpoch, { isExact: true });
    for (const path of paths) net.addSegment({ path, bytes: readFileSync(path) }, toEpoch);
    return net;
  }

  function contents(): Record<string, string> {
    const entries = [...tables.byName.rows.getRange()].map(({ key, value }) => [
      key.toString("utf8", 4),
      value.toString("utf8", 1),
    ]);
    return Object.fromEntries(entries);
  }

  function reopen(): Promise<void> {
    return tables.root.close().then(() => {
      tables = openTables(join(directory, "tables"));
    });
  }

  it("leaves the last change of every key, in one transaction with its epoch", async () => {
    const paths = await write([{ a: "1", b: "1" }, { a: "2", c: "2" }, { b: null }]);
    const report = foldInto(tables, netOf(paths));
    assert.deepEqual(contents(), { a: "2", c: "2" });
    assert.deepEqual(
      { ...report, durationMs: 0, end: null },
      // Three epochs: the two rows, one deletion, and the next sequence.
      { epoch: 3, epochs: 3, end: null, puts: 3, deletes: 1, nextExpiryMs: null, durationMs: 0 },
    );
    await reopen();
    assert.deepEqual(contents(), { a: "2", c: "2" });
    assert.equal(readMetaNumber(tables, "foldedEpoch"), 3);
  });

  it("does the same in one step as in many, over any epochs", async () => {
    const rows = fc.dictionary(
      fc.constantFrom("a", "b", "c", "é", "a\u0000"),
      fc.option(fc.string({ maxLength: 3000 }), { freq: 2 }),
    );
    const epochs = fc.array(rows, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(epochs, fc.array(fc.nat(12)), async (sample, stops) => {
        for (const { key } of [...tables.byName.rows.getRange()])
          tables.byName.rows.removeSync(key);
        const paths = await write(sample);
        const expected: Record<string, string> = {};
        for (const [key, value] of sample.flatMap((epoch) => Object.entries(epoch))) {
          if (value === null) delete expected[key];
          else expected[key] = value;
        }
        let from = 0;
        for (const stop of [...stops.sort((a, b) => a - b), sample.length]) {
          const to = Math.min(stop, sample.length);
          if (to <= from) continue;
          assert.equal(foldInto(tables, netOf(paths, from, to)).epoch, to);
          from = to;
        }
        assert.deepEqual(contents(), expected);
      }),
      { numRuns: 25 },
    );
  });

  it("writes in the order of the keys' bytes", async () => {
    const paths = await write([
      { b: "1", "\u00ff": "1", a: "1" },
      { "": "1", ab: "1", "\u{1f600}": "1" },
    ]);
    const keys = [...netOf(paths).sorted()]
      .filter(({ table }) => table === "rows")
      .map(({ key }) => key);
    assert.equal(keys.length, 6);
    assert.deepEqual(keys, [...keys].sort(Buffer.compare));
    const writer = new ByteWriter();
    writeRowKey(writer, rowTable, "");
    assert.deepEqual(keys[0], writer.copy());
  });

  it("passes over epochs that the tables hold already", async () => {
    const paths = await write([{ a: "1" }, { a: "2", b: "2" }, { c: "3" }]);
    foldInto(tables, netOf(paths, 0, 2));
    // As after a crash between the commit of a fold and the drop of its segments.
    const net = netOf(paths, 2);
    assert.equal(net.epochs, 1);
    foldInto(tables, net);
    assert.deepEqual(contents(), { a: "2", b: "2", c: "3" });
    assert.equal(netOf(paths, 3).epochs, 0);
    assert.equal(netOf(paths, 3).epoch, 3);
  });

  it("stops at the epoch it was asked for, and looks at nothing behind it", async () => {
    const [path = ""] = await write([{ a: "1" }, { a: "2" }, { a: "3" }, { a: "4" }]);
    const bytes = readFileSync(path);
    const start = offsetsOf(bytes)[2] ?? 0;
    bytes.fill(0xee, start, start + 20);
    writeFileSync(path, bytes);
    assert.equal(netOf([path], 0, 2).epoch, 2);
    assert.throws(() => netOf([path], 0, 3), { code: "JOURNAL_CORRUPT" });
  });

  it("ends at a last record that is torn, at every length of it", async () => {
    const [path = ""] = await write([{ a: "1" }, { a: "2" }, { b: "a longer value", c: "3" }]);
    const bytes = readFileSync(path);
    const [, , start = 0, end = 0] = offsetsOf(bytes);
    for (let kept = start; kept < end; kept++) {
      const torn = Buffer.from(bytes);
      torn.fill(0, kept, end);
      if (torn.equals(bytes)) continue;
      writeFileSync(path, torn);
      assert.equal(netOf([path]).epoch, 2, `${kept - start} of ${end - start} bytes`);
    }
  });

  it("does not take what a file held before for records", async () => {
    const [path = ""] = await write(Array.from({ length: 30 }, (_, at) => ({ a: `old ${at}` })));
    const stale = readFileSync(path);
    // The same length, so that old records begin where new ones end.
    const [fresh = ""] = await write([{ a: "new 31" }, { a: "new 32" }], 31);
    const bytes = readFileSync(fresh);
    const end = offsetsOf(bytes)[2] ?? 0;
    stale.copy(bytes, end, end);
    writeFileSync(fresh, bytes);
    assert.equal(netOf([fresh], 30).epoch, 32);
    assert.equal(netOf([fresh], 32).epoch, 32);
    // Only the header was new when the process died.
    stale.copy(bytes, segmentHeaderBytes, segmentHeaderBytes);
    writeFileSync(fresh, bytes);
    assert.equal(netOf([fresh], 30).epoch, 30);
    assert.equal(netOf([fresh], 30).epochs, 0);
  });

  it("is not stopped by a record inside a value, when the value's own record is torn", async () => {
    const forged = recordOf(rowChanges(3, { a: "forged" }));
    const [path = ""] = await write([{ a: "1" }]);
    const old = readFileSync(path);
    // As somebody would forge it who has seen every record of an earlier use of the file.
    saltRecord(forged, parseSegmentHeader(old, old.length, path).salt);
    const [torn = ""] = await write([{ a: "1" }, { a: "2", b: forged.toString("latin1") }]);
    const bytes = readFileSync(torn);
    bytes.fill(0xff, offsetsOf(bytes)[1] ?? 0, (offsetsOf(bytes)[1] ?? 0) + 24);
    writeFileSync(torn, bytes);
    assert.equal(netOf([torn]).epoch, 1);
  });

  it("names a file that is cut off, at every length", async () => {
    const [path = ""] = await write([{ a: "1" }, { a: "2" }]);
    const bytes = readFileSync(path);
    for (const kept of [0, 20, 43, 44, 4096, 4200, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, kept));
      assert.throws(() => netOf([path]), {
        code: "JOURNAL_CORRUPT",
        message: new RegExp(`${path} is (cut off|damaged).* ${kept}( of ${bytes.length})? bytes`),
      });
    }
  });

  it("names file and byte of a damaged record with intact ones behind it, for every byte", async () => {
    const [path = ""] = await write([{ a: "1" }, { a: "2", b: "2" }, { a: "3" }]);
    const bytes = readFileSync(path);
    const [, start = 0, end = 0] = offsetsOf(bytes);
    for (let at = start; at < end; at++) {
      bytes[at] = (bytes[at] as number) ^ 0x41;
      writeFileSync(path, bytes);
      assert.throws(
        () => netOf([path]),
        {
          code: "JOURNAL_CORRUPT",
          message: new RegExp(`${path} is damaged at byte ${start}\\b.*`),
        },
        `byte ${at - start} of the record`,
      );
      bytes[at] = (bytes[at] as number) ^ 0x41;
    }
  });

  it("finds a whole damaged stretch, as a lost sector leaves it", async () => {
    const [path = ""] = await write(Array.from({ length: 60 }, (_, at) => ({ a: `value ${at}` })));
    const bytes = readFileSync(path);
    const [, start = 0] = offsetsOf(bytes);
    bytes.fill(0, start, start + 512);
    writeFileSync(path, bytes);
    assert.throws(() => netOf([path]), {
      code: "JOURNAL_CORRUPT",
      message: new RegExp(`damaged at byte ${start}: epoch 2 does not verify`),
    });
  });

  it("names a gap between segments", async () => {
    const paths = await write(Array.from({ length: 6 }, () => ({ a: "x".repeat(5000) })));
    assert.equal(paths.length, 3);
    const [first = "", , third = ""] = paths;
    assert.throws(() => netOf([first, third]), {
      code: "JOURNAL_CORRUPT",
      message: `${third} begins with epoch 5, and what is before it ends at 2`,
    });
    assert.throws(() => netOf([third], 0), { code: "JOURNAL_CORRUPT" });
    assert.equal(netOf([third], 4).epoch, 6, "no gap: the tables hold what is before");
  });

  it("names a record whose checksum is right and whose body is not", async () => {
    const { crc32 } = await import("node:zlib");
    const [path = ""] = await write([{ a: "1" }]);
    const bytes = readFileSync(path);
    const end = offsetsOf(bytes)[1] ?? 0;
    const at = segmentHeaderBytes;
    bytes[at + recordHeaderBytes] = 0x7e;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 16, end)), at + 4);
    writeFileSync(path, bytes);
    assert.throws(() => netOf([path]), {
      code: "JOURNAL_CORRUPT",
      message: /damaged at byte 4096: epoch 1: change to table 63/,
    });
  });

  it("deletes what an earlier fold has put that was cut short", async () => {
    const type = createType(1, "t/a");
    const message = storedMessage(type);
    const put = changeSet(1, { messages: [message], rows: rowChanges(1, { a: "1" }).rows });
    const [path = ""] = await writeRecords([put, changeSet(2, { consumed: [message] })]);
    const slices = foldSlices(tables, netOf([path], 0, 1), { changesMax: 1, expiredMs: 0 });
    while (entryCount(tables.byName.messages) === 0) slices.next();
    assert.equal(readMetaNumber(tables, "foldedEpoch"), undefined, "the fold is not done");

    const net = new NetEffect(0, { isExact: false });
    net.addSegment({ path, bytes: readFileSync(path) }, all);
    foldInto(tables, net);
    assert.equal(entryCount(tables.byName.messages), 0);
    assert.equal(readMetaNumber(tables, "foldedEpoch"), 2);
  });

  it("changes nothing when it cannot be written whole", async () => {
    const paths = await write([{ a: "1", b: "1" }]);
    const net = netOf(paths);
    const tooLong = Buffer.alloc(5000, "k");
    const broken = Object.assign(Object.create(net), {
      sorted: () => [...net.sorted(), { table: "rows", key: tooLong, value: Buffer.from("x") }],
    }) as NetEffect;
    assert.throws(() => foldInto(tables, broken));
    assert.deepEqual(contents(), {});
    assert.equal(readMetaNumber(tables, "foldedEpoch"), undefined);
    await reopen();
    foldInto(tables, net);
    assert.deepEqual(contents(), { a: "1", b: "1" });
  });
});

/** Where the records of a segment begin; the last is where they end. */
function offsetsOf(bytes: Buffer): number[] {
  const offsets = [segmentHeaderBytes];
  for (;;) {
    const at = offsets.at(-1) ?? 0;
    const length = bytes.readUInt32BE(at);
    if (length === 0) return offsets;
    offsets.push(at + recordHeaderBytes + length);
  }
}

function storedMessage(type: FunctionType): Message {
  return {
    type,
    id: "x",
    callerType: null,
    callerId: "",
    typename: "x/text",
    value: null,
    traceparent: "",
    sequence: 1,
    key: "",
    request: 0,
    storedEpoch: 1,
    consumed: false,
  };
}
