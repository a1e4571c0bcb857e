import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { objectsOf } from "../src/checkpoint/manifest.js";
import { restoreCheckpoint } from "../src/checkpoint/restore.js";
import { verifyCheckpoint } from "../src/checkpoint/verify.js";
import { createType } from "../src/core/catalog.js";
import {
  CheckpointedStore,
  dumpTables,
  localLineage,
  temporaryFolder,
} from "./support/checkpointed-store.js";
import { changeSet } from "./support/epoch-records.js";
import { Random } from "./support/random.js";

// Goal: what is restored is what was there, at every checkpoint, however it was written. Method: real
// stores in real directories; everything in every table is compared.

const journalSegmentBytes = 1024 * 1024;
const latest = { kind: "latest" } as const;
const counter = createType(1, "example/counter");

function message(sequence: number, id: string) {
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

describe("a checkpoint", function () {
  this.timeout(60_000);
  let folder = "";
  let opened: CheckpointedStore[] = [];

  beforeEach(() => {
    folder = temporaryFolder();
  });

  afterEach(async () => {
    for (const store of opened) await store.close();
    opened = [];
    rmSync(folder, { recursive: true });
  });

  async function open(name = "data", retention?: { countMin: number; ageMs: number }) {
    const store = await CheckpointedStore.open(join(folder, name), localLineage(folder), retention);
    opened.push(store);
    return store;
  }

  async function close(store: CheckpointedStore): Promise<void> {
    opened = opened.filter((each) => each !== store);
    await store.close();
  }

  async function restored(name: string, choice: Parameters<typeof restoreCheckpoint>[1] = latest) {
    const dataDirectory = join(folder, name);
    const target = { dataDirectory, journalSegmentBytes, as: null };
    const report = await restoreCheckpoint(localLineage(folder), choice, target);
    return { report, tables: await dumpTables(dataDirectory) };
  }

  it("is a base first, then deltas, then nothing when nothing has changed", async () => {
    const store = await open();
    await store.commit({ a: "1", b: "2" });
    assert.equal((await store.checkpoint()).kind, "base");
    await store.commit({ a: "3", b: null, c: "4" });
    const delta = await store.checkpoint();
    assert.equal(delta.kind, "delta");
    assert.equal((await store.checkpoint()).kind, "nothing");
    assert.equal((await store.checkpoint()).number, delta.number);
    assert.deepEqual((await restored("other")).tables, await store.dump());
  });

  it("brings back every earlier state too, through any mix of folds, deltas and restarts", async () => {
    const generator = new Random(20n);
    const random = () => generator.below(1000) / 1000;
    let store = await open();
    const dumps = new Map<number, readonly string[]>();
    const waiting = new Set<number>();
    for (let step = 1; step <= 300; step++) {
      const draw = random();
      if (draw < 0.6) {
        const key = `key ${Math.floor(random() * 30)}`;
        await store.commit({ [key]: random() < 0.3 ? null : `value ${step}` });
      } else if (draw < 0.7) {
        await store.commitChanges(changeSet(0, { messages: [message(step, "ann")] }));
        waiting.add(step);
      } else if (draw < 0.8) {
        const consumed = [...waiting].filter(() => random() < 0.5).map((at) => message(at, "ann"));
        for (const { sequence } of consumed) waiting.delete(sequence);
        await store.commitChanges(changeSet(0, { consumed }));
      } else if (draw < 0.9) await store.fold();
      else if (draw < 0.98) dumps.set((await store.checkpoint()).number, await store.dump());
      else {
        await close(store);
        store = await open();
      }
    }
    dumps.set((await store.checkpoint()).number, await store.dump());
    assert.ok(dumps.size > 20);
    for (const [number, dump] of dumps) {
      const { tables } = await restored(`at ${number}`, { kind: "number", number });
      assert.deepEqual(tables, dump, `checkpoint ${number}`);
    }
  });

  it("goes on with deltas after kill -9, from what the folds have left", async () => {
    const first = await open();
    await first.commit({ a: "1" });
    await first.checkpoint();
    await first.commit({ b: "2" });
    await first.fold();
    await first.commit({ c: "3" });
    await close(first);
    const second = await open();
    const report = await second.checkpoint();
    assert.equal(report.kind, "delta");
    assert.deepEqual((await restored("other")).tables, await second.dump());
  });

  it("is a base again when the deltas are gone, damaged, or have outgrown it", async () => {
    const store = await open();
    await store.commit({ a: "1" });
    await store.checkpoint();
    await store.commit({ b: "2" });
    await store.fold();
    store.store.releaseDeltas(store.epoch);
    await store.commit({ c: "3" });
    assert.equal((await store.checkpoint()).kind, "base");
    await store.commit({ d: "4" });
    await store.fold();
    const [file] = store.store.deltas;
    const bytes = readFileSync(file?.path ?? "");
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    writeFileSync(file?.path ?? "", bytes);
    await assert.rejects(store.checkpoint(), { code: "DELTA_CORRUPT" });
    assert.equal((await store.checkpoint()).kind, "base");
    assert.deepEqual((await restored("other")).tables, await store.dump());
    const large = () => randomBytes(8 * 1024 * 1024).toString("latin1");
    const kinds: string[] = [];
    for (let round = 0; round < 6; round++) {
      await store.commit({ a: large() });
      kinds.push((await store.checkpoint()).kind);
    }
    assert.deepEqual(kinds, ["delta", "delta", "delta", "delta", "delta", "base"]);
  }).timeout(60_000);

  it("writes many small deltas again as one, and restores the same", async () => {
    const store = await open();
    await store.commit({ a: "1" });
    await store.checkpoint();
    let longest = 0;
    for (let round = 0; round < 40; round++) {
      await store.commit({ [`key ${round % 5}`]: `round ${round}` });
      await store.checkpoint();
      longest = Math.max(longest, store.writer.latest.runs.length);
    }
    assert.equal(longest, 17);
    assert.ok(store.writer.latest.runs.length < 17);
    assert.deepEqual((await restored("other")).tables, await store.dump());
  });

  it("holds values larger than an object, and none at all", async () => {
    const store = await open();
    await store.commit({ large: randomBytes(12 * 1024 * 1024).toString("latin1"), empty: "" });
    await store.checkpoint();
    assert.deepEqual((await restored("other")).tables, await store.dump());
  });

  it("of an application that has done nothing yet restores to nothing", async () => {
    const store = await open();
    const { report, tables } = await restored("other");
    assert.equal(report.epoch, 0);
    assert.ok(!tables.some((entry) => entry.startsWith("rows")));
    await close(store);
    await open("other");
  });

  it("is restored into an empty directory only, which stays empty when it fails", async () => {
    const store = await open();
    await store.commit({ a: "1" });
    await store.checkpoint();
    await assert.rejects(restored("data"), { code: "DIRECTORY_IN_USE" });
    const [object] = objectsOf(store.writer.latest);
    rmSync(join(folder, "store/main", object?.key ?? ""));
    await assert.rejects(restored("other"), { code: "CORRUPT" });
    assert.ok(!readdirSync(join(folder, "other")).includes("tables"));
  });

  it("that is damaged is refused by name, and the newest good one is offered", async () => {
    const store = await open();
    await store.commit({ a: "1" });
    const good = await store.checkpoint();
    await store.commit({ a: "2" });
    const bad = await store.checkpoint();
    const lineage = localLineage(folder);
    const object = objectsOf(store.writer.latest).at(-1);
    const path = join(folder, "store/main", object?.key ?? "");
    const bytes = readFileSync(path);
    for (const damaged of [Buffer.concat([bytes, bytes]), bytes.subarray(1), flipped(bytes)]) {
      writeFileSync(path, damaged);
      const verified = await verifyCheckpoint(lineage, bad.number);
      assert.equal(verified.damage.length, 1);
      assert.match(verified.damage[0] ?? "", new RegExp(`${object?.key} is damaged`));
      await assert.rejects(restored("other"), (error: Error) => {
        assert.match(error.message, new RegExp(`${object?.key} is damaged`));
        assert.match(error.message, new RegExp(`newest good checkpoint is ${good.number} `));
        return true;
      });
    }
    assert.equal((await verifyCheckpoint(lineage, good.number)).damage.length, 0);
    await restored("other", { kind: "number", number: good.number });
  });

  it("whose manifest is damaged is refused too", async () => {
    const store = await open();
    await store.commit({ a: "1" });
    const { number } = await store.checkpoint();
    const lineage = localLineage(folder);
    const path = join(folder, "store", lineage.manifestKey(number));
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 7) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      writeFileSync(path, damaged);
      await assert.rejects(lineage.read(number), { code: "CORRUPT" });
    }
    assert.equal((await verifyCheckpoint(lineage, number)).damage.length, 1);
  });
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 0x10;
  return copy;
}
