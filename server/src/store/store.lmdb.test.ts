import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeSet, recordOf, rowChanges, rowTable } from "../../test/support/epoch-records.js";
import { createType } from "../core/catalog.js";
import type { ChangeSet } from "../core/change-set.js";
import { segmentHeaderBytes } from "./segment.js";
import { Store } from "./store.js";

// Goal: whatever a crash leaves, open() brings back every epoch whose append() had resolved. Method: a
// real store; a crash is a copy of its directory taken while it runs.

const segmentBytes = 64 * 1024;
const counter = createType(1, "example/counter");

function message(sequence: number, id = "ann") {
  return {
    type: counter,
    id,
    callerType: null,
    callerId: "",
    typename: "example/ping",
    value: Buffer.from(`message ${sequence}`),
    traceparent: "",
    sequence,
    key: "",
    request: 0,
    storedEpoch: 0,
    consumed: false,
  };
}

function record(sequence: number, egress = "example/out") {
  return {
    egress,
    sequence,
    typename: "example/line",
    value: Buffer.from(`record ${sequence}`),
    sourceType: counter,
    sourceId: "ann",
    storedEpoch: 0,
  };
}

describe("Store", () => {
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

  it("begins empty, with an id that stays", async () => {
    const store = await open();
    assert.equal(store.foldedEpoch, 0);
    assert.equal(store.recovery.epochs, 0);
    const image = store.readImage();
    assert.equal(image.epoch, 0);
    assert.equal(image.nextSequence, 1);
    assert.match(store.nodeId, /^[0-9a-f-]{36}$/);
    await closeAll();
    assert.equal((await open()).nodeId, store.nodeId);
  });

  it("brings back every appended epoch after a crash, folded or not", async () => {
    const store = await open();
    for (let epoch = 1; epoch <= 6; epoch++) {
      await append(store, rowChanges(epoch, { [`key ${epoch}`]: `${epoch}`, last: `${epoch}` }));
      if (epoch === 3) await store.fold(3);
    }
    const again = await open(crash());
    assert.deepEqual([again.recovery.epoch, again.recovery.epochs], [6, 3]);
    for (let epoch = 1; epoch <= 6; epoch++)
      assert.equal(textOf(again, `key ${epoch}`), `${epoch}`);
    assert.equal(textOf(again, "last"), "6");
    assert.equal(again.readImage().nextSequence, 6);
  });

  it("goes on where it was, over many crashes in many segments", async () => {
    let path = join(directory, "data");
    let epoch = 0;
    for (let run = 0; run < 6; run++) {
      const store = await open(path);
      assert.equal(store.foldedEpoch, epoch, `run ${run}`);
      for (let count = 0; count < 7; count++) {
        epoch++;
        await append(store, rowChanges(epoch, { [`key ${epoch}`]: "x".repeat(12_000) }));
        if (epoch % 5 === 0) await store.fold(epoch - 1);
      }
      const copy = join(directory, `run-${run}`);
      cpSync(path, copy, { recursive: true, filter: (from) => !from.includes("lock.sock") });
      path = copy;
    }
    const store = await open(path);
    for (let at = 1; at <= epoch; at++) assert.equal(textOf(store, `key ${at}`)?.length, 12_000);
    assert.ok(readdirSync(join(path, "journal")).length < 12, "old segments are dropped");
  });

  it("loses only a last record that is torn, at every length, and writes on behind it", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    await append(store, rowChanges(2, { a: "2", b: "2" }));
    const path = crash();
    const [file = ""] = journalFiles(path);
    const bytes = readFileSync(file);
    const first = segmentHeaderBytes + recordOf(rowChanges(1, { a: "1" })).length;
    const end = first + recordOf(rowChanges(2, { a: "2", b: "2" })).length;
    for (let kept = first; kept < end; kept += 29) {
      const torn = crash();
      const [tornFile = ""] = journalFiles(torn);
      writeFileSync(tornFile, Buffer.from(bytes).fill(0, kept, end));
      const again = await Store.open({ directory: torn, segmentBytes });
      assert.equal(again.foldedEpoch, 1);
      await append(again, rowChanges(2, { a: "other" }));
      await again.close();
      const last = await Store.open({ directory: torn, segmentBytes });
      assert.equal(textOf(last, "a"), "other");
      assert.equal(textOf(last, "b"), undefined, "nothing of the torn record");
      await last.close();
    }
  });

  it("repeats a recovery that was cut short between its fold and its journal", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    await append(store, rowChanges(2, { a: "2", b: "2" }));
    const path = crash();
    const [file = ""] = journalFiles(path);
    const journal = readFileSync(file);
    const first = await open(path);
    assert.equal(first.recovery.epochs, 2);
    await closeAll();
    // The fold is durable, and the segment is still there.
    for (const name of journalFiles(path)) rmSync(name);
    writeFileSync(file, journal);
    const second = await open(path);
    assert.equal(second.recovery.epochs, 0);
    assert.equal(second.foldedEpoch, 2);
    assert.equal(textOf(second, "a"), "2");
    await append(second, rowChanges(3, { a: "3" }));
    await closeAll();
    assert.equal(textOf(await open(path), "a"), "3");
  });

  it("is held by one store at a time", async () => {
    await open();
    await assert.rejects(open(), { code: "DIRECTORY_IN_USE" });
    await closeAll();
    await open();
  });

  it("tells the fold's error with its code", async () => {
    const store = await open();
    await append(store, rowChanges(1, { a: "1" }));
    await append(store, rowChanges(2, { a: "2" }));
    const [file = ""] = journalFiles(join(directory, "data"));
    const bytes = readFileSync(file);
    bytes.writeUInt8(0xff, segmentHeaderBytes + 26);
    writeFileSync(file, bytes);
    await assert.rejects(store.fold(2), {
      name: "StoreError",
      code: "JOURNAL_CORRUPT",
      message: /cannot fold up to epoch 2: .*damaged at byte 4096/,
    });
  });

  it("appends while it folds, and reads what is folded at once", async () => {
    const store = await open();
    for (let epoch = 1; epoch <= 3; epoch++)
      await append(store, rowChanges(epoch, { a: `${epoch}` }));
    const folding = store.fold(3);
    await append(store, rowChanges(4, { a: "4" }));
    const report = await folding;
    assert.deepEqual([report.epoch, report.epochs], [3, 3]);
    assert.equal(textOf(store, "a"), "3");
    await store.fold(4);
    assert.equal(textOf(store, "a"), "4");
  });

  it("reads rows of every size, with and without an expiry", async () => {
    const store = await open();
    const sizes = [0, 1, 100, 5000, 40_000, 2_000_000, 3];
    const rows = sizes.map((size, at) => ({
      table: rowTable,
      key: `${at}`,
      value: Buffer.alloc(size, at),
      expiresAtMs: at % 2 === 0 ? 0 : 1_700_000_000_000 + at,
      epoch: 1,
    }));
    await append(store, changeSet(1, { rows }));
    await store.fold(1);
    for (const { key, value, expiresAtMs } of rows) {
      const row = store.readRow(rowTable, key);
      assert.ok(row !== undefined);
      assert.ok(value.equals(row.value), `row ${key}`);
      assert.equal(row.expiresAtMs, expiresAtMs);
    }
    const first = store.readRow(rowTable, "2");
    store.readRow(rowTable, "6");
    assert.ok(
      Buffer.alloc(100, 2).equals(first?.value ?? Buffer.alloc(0)),
      "the next read keeps it",
    );
    assert.equal(store.readRow(rowTable, "9"), undefined);
    assert.equal(store.readRow(rowTable + 1, "0"), undefined);
  });

  it("gives an image in which queues are counted", async () => {
    const store = await open();
    await append(
      store,
      changeSet(1, {
        nextSequence: 50,
        types: [counter],
        messages: [1, 2, 3, 4, 5, 6].map((sequence) => message(sequence)),
        records: [1, 2, 3].map((sequence) => record(sequence)),
      }),
    );
    await append(
      store,
      changeSet(2, {
        nextSequence: 60,
        messages: [7, 8].map((sequence) => message(sequence, "bob")),
        consumed: [message(1), message(5)],
        records: [record(1, "example/second")],
        recordsAcknowledged: [record(1)],
      }),
    );
    const image = (await open(crash())).readImage();
    assert.equal(image.epoch, 2);
    assert.equal(image.nextSequence, 60);
    assert.deepEqual(image.types, [{ index: 1, name: "example/counter" }]);
    assert.deepEqual(
      [...image.backlogs],
      [{ type: 1, mailboxes: 2, messages: 6, long: new Map() }],
    );
    assert.deepEqual(
      [...image.outboxes],
      [
        { egress: "example/out", count: 2, last: 3 },
        { egress: "example/second", count: 1, last: 1 },
      ],
    );
  });

  it("lists the ids of a table in order, from after the one given", async () => {
    const store = await open();
    await append(store, rowChanges(1, { "": "0", a: "1", "a/b": "2", b: "3", é: "4" }));
    await append(
      store,
      changeSet(2, {
        rows: [{ table: rowTable + 1, key: "z", value: Buffer.from("z"), expiresAtMs: 0 }],
      }),
    );
    await store.fold(2);
    assert.deepEqual([...store.readIds(rowTable, null)], ["", "a", "a/b", "b", "é"]);
    assert.deepEqual([...store.readIds(rowTable, "")], ["a", "a/b", "b", "é"]);
    assert.deepEqual([...store.readIds(rowTable, "a")], ["a/b", "b", "é"]);
    assert.deepEqual([...store.readIds(rowTable, "aa")], ["b", "é"]);
    assert.deepEqual([...store.readIds(rowTable, "é")], []);
  });
});
