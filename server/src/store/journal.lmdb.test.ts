import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordOf, rowChanges } from "../../test/support/epoch-records.js";
import { readRecordHeader } from "../codec/record-codec.js";
import type { Disk } from "./disk.js";
import { Journal } from "./journal.js";
import { parseSegmentHeader, readSegmentHeader, segmentHeaderBytes } from "./segment.js";
import { systemDisk } from "./system-disk.js";

// Goal: what append() has resolved for is in the files, in order, whatever happens to segments.
// Method: the real journal in a directory; the files are read with nothing but the record codec.

const segmentBytes = 16 * 1024;

describe("Journal", () => {
  let directory = "";
  let journals: Journal[] = [];

  function begin(start: ConstructorParameters<typeof Journal>[1]): Journal {
    const journal = new Journal({ disk: systemDisk, directory, segmentBytes }, start);
    journals.push(journal);
    return journal;
  }

  async function closeAll(): Promise<void> {
    for (const journal of journals) await journal.close();
    journals = [];
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-journal-"));
  });

  afterEach(async () => {
    await closeAll();
    rmSync(directory, { recursive: true });
  });

  function names(prefix: string): string[] {
    return readdirSync(directory)
      .filter((name) => name.startsWith(prefix))
      .sort();
  }

  function epochsIn(path: string): number[] {
    const bytes = readFileSync(path);
    const { salt } = parseSegmentHeader(bytes, bytes.length, path);
    const epochs: number[] = [];
    let at = segmentHeaderBytes;
    for (;;) {
      const header = readRecordHeader(bytes, at, salt);
      if (header === null) return epochs;
      epochs.push(header.epoch);
      at = header.end;
    }
  }

  async function append(journal: Journal, epoch: number, valueBytes: number): Promise<void> {
    await journal.append(recordOf(rowChanges(epoch, { key: "x".repeat(valueBytes) })), epoch);
  }

  it("has a record in its file when append resolves", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    for (let epoch = 1; epoch <= 5; epoch++) {
      await append(journal, epoch, 100 * epoch);
      const [segment] = journal.segments;
      assert.ok(segment !== undefined);
      assert.equal(epochsIn(segment.path).length, epoch);
    }
    const [segment] = journal.segments;
    const { salt, ...header } = readSegmentHeader(systemDisk, segment?.path ?? "") ?? {};
    assert.deepEqual(header, {
      path: segment?.path,
      number: 1,
      firstEpoch: 1,
      bytes: segmentBytes,
    });
    assert.equal(salt?.length, 8);
  });

  it("switches to the next segment before a record would not fit, and splits none", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    for (let epoch = 1; epoch <= 7; epoch++) await append(journal, epoch, 5000);
    assert.deepEqual(
      journal.segments.map(({ path }) => epochsIn(path)),
      [[1, 2], [3, 4], [5, 6], [7]],
    );
    assert.deepEqual(
      journal.segments.map(({ path }) => readSegmentHeader(systemDisk, path)?.firstEpoch),
      [1, 3, 5, 7],
    );
  });

  it("fills a segment to its last byte", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    const overhead = recordOf(rowChanges(1, { key: "x".repeat(9000) })).length - 9000;
    await append(journal, 1, segmentBytes - segmentHeaderBytes - overhead);
    assert.equal(journal.segments.length, 1);
    await append(journal, 2, 1);
    assert.deepEqual(
      journal.segments.map(({ path }) => epochsIn(path)),
      [[1], [2]],
    );
  });

  it("gives a record larger than a segment a file of its own", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    await append(journal, 1, 10);
    await append(journal, 2, 3 * segmentBytes);
    await append(journal, 3, 10);
    assert.deepEqual(
      journal.segments.map(({ path }) => epochsIn(path)),
      [[1], [2], [3]],
    );
    journal.drop(2);
    assert.deepEqual(
      journal.segments.map(({ path }) => epochsIn(path)),
      [[3]],
    );
    for (const name of readdirSync(directory)) {
      assert.ok(statSync(join(directory, name)).size <= segmentBytes, `${name} is kept`);
    }
  });

  it("gives a used file its new name for good before its new number", async () => {
    const calls: string[] = [];
    const disk: Disk = {
      ...systemDisk,
      rename: (from, to) => {
        calls.push("rename");
        systemDisk.rename(from, to);
      },
      syncNames: (path) => {
        calls.push("names");
        systemDisk.syncNames(path);
      },
      open: (path) => {
        const file = systemDisk.open(path);
        return {
          bytes: file.bytes,
          writeSync: (data, at) => {
            calls.push("header");
            file.writeSync(data, at);
          },
          write: (data, at, callback) => file.write(data, at, callback),
          close: () => file.close(),
        };
      },
    };
    const journal = new Journal({ disk, directory, segmentBytes }, { folded: [], firstEpoch: 1 });
    journals.push(journal);
    assert.deepEqual(calls, ["rename", "names", "header"]);
  });

  it("drops only segments whose every epoch is folded", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    for (let epoch = 1; epoch <= 5; epoch++) await append(journal, epoch, 5000);
    const counts = [0, 1, 2, 3, 4, 5, 9].map((folded) => {
      journal.drop(folded);
      return journal.segments.length;
    });
    assert.deepEqual(counts, [3, 3, 2, 2, 1, 1, 1], "the current segment stays");
    assert.deepEqual(names("journal-"), ["journal-000000000003"]);
  });

  it("uses files again, and what they held before is not taken for records", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    for (let epoch = 1; epoch <= 40; epoch++) {
      await append(journal, epoch, 5000);
      journal.drop(epoch);
    }
    const files = readdirSync(directory).filter((name) => !name.endsWith(".tmp"));
    assert.ok(files.length <= 6, `a bounded number of files: ${files.join(" ")}`);
    const [segment] = journal.segments;
    assert.deepEqual(epochsIn(segment?.path ?? ""), [39, 40]);
  });

  it("counts the bytes of what is not dropped", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    assert.equal(journal.bytes, 0);
    const record = recordOf(rowChanges(1, { key: "x".repeat(5000) }));
    await append(journal, 1, 5000);
    assert.equal(journal.bytes, record.length);
    await append(journal, 2, 5000);
    await append(journal, 3, 5000);
    journal.drop(2);
    assert.equal(journal.bytes, record.length);
  });

  it("keeps what an earlier run has folded as spares, and numbers on", async () => {
    const first = begin({ folded: [], firstEpoch: 1 });
    for (let epoch = 1; epoch <= 5; epoch++) await append(first, epoch, 5000);
    const folded = first.segments.flatMap(({ path }) => readSegmentHeader(systemDisk, path) ?? []);
    await closeAll();
    const second = begin({ folded, firstEpoch: 6 });
    assert.deepEqual(names("journal-"), ["journal-000000000004"]);
    await append(second, 6, 10);
    assert.deepEqual(
      second.segments.map(({ path }) => epochsIn(path)),
      [[6]],
    );
  });

  it("keeps its spares apart over many runs of the same process", async () => {
    let epoch = 0;
    for (let run = 0; run < 4; run++) {
      const folded = names("journal-").flatMap(
        (name) => readSegmentHeader(systemDisk, join(directory, name)) ?? [],
      );
      const journal = begin({ folded, firstEpoch: epoch + 1 });
      for (let count = 0; count < 12; count++) await append(journal, ++epoch, 5000);
      assert.deepEqual(
        journal.segments.flatMap(({ path }) => epochsIn(path)),
        Array.from({ length: 12 }, (_, at) => epoch - 11 + at),
      );
      journal.drop(epoch);
      await closeAll();
    }
  });

  it("writes the bytes as they were when append was called, to the end", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    const record = recordOf(rowChanges(1, { key: "x".repeat(200_000) }));
    const appending = journal.append(record, 1);
    const expected = Buffer.from(record);
    await appending;
    record.fill(0);
    const path = journal.segments.at(-1)?.path ?? "";
    const bytes = readFileSync(path);
    assert.ok(
      bytes.subarray(segmentHeaderBytes, segmentHeaderBytes + expected.length).equals(expected),
    );
  });

  it("fails with WRITE_FAILED when no segment can begin, and accepts nothing more", async () => {
    const journal = begin({ folded: [], firstEpoch: 1 });
    await append(journal, 1, 10);
    rmSync(directory, { recursive: true });
    const failed = { name: "StoreError", code: "WRITE_FAILED" };
    await assert.rejects(append(journal, 2, segmentBytes), failed);
    await assert.rejects(append(journal, 2, 10), failed, "though it would fit");
    assert.equal(journal.segments.length, 1);
    await closeAll();
    mkdirSync(directory);
  });
});
