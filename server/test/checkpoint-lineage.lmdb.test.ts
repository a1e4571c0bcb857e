import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { diffCheckpoints } from "../src/checkpoint/diff.js";
import { findCheckpoint } from "../src/checkpoint/find-checkpoint.js";
import { Garbage } from "../src/checkpoint/garbage.js";
import type { Manifest } from "../src/checkpoint/manifest.js";
import { restoreCheckpoint } from "../src/checkpoint/restore.js";
import { createType } from "../src/core/catalog.js";
import { CheckpointedStore, localLineage, temporaryFolder } from "./support/checkpointed-store.js";
import { statewire } from "./support/command-line.js";
import { copyRows } from "./support/core-tables.js";
import { changeSet, rowChanges, rowTable } from "./support/epoch-records.js";

// Goal: earlier checkpoints can be compared, gone back to and forked from; old ones go, with all that is
// theirs and nothing else; a lineage has one writer. Method: real stores and directories.

const retention = { countMin: 1000, ageMs: 0 };
const counter = createType(1, "example/counter");
const stateTable = {
  table: rowTable,
  typeName: counter.name,
  name: "count",
  typename: "example/count",
  expiration: null,
  expires: false,
};

describe("a lineage of checkpoints", function () {
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

  async function open(name: string, { lineage = "main", kept = retention } = {}) {
    const path = join(folder, name);
    const store = await CheckpointedStore.open(path, localLineage(folder, lineage), kept);
    opened.push(store);
    return store;
  }

  async function close(store: CheckpointedStore): Promise<void> {
    opened = opened.filter((each) => each !== store);
    await store.close();
  }

  function restore(name: string, number: number, as: string | null = null) {
    const target = { dataDirectory: join(folder, name), journalSegmentBytes: 1024 * 1024, as };
    return restoreCheckpoint(localLineage(folder), { kind: "number", number }, target);
  }

  /** A node with a function type and a state table, so that its rows are states. */
  async function openCounters(): Promise<CheckpointedStore> {
    const store = await open("data");
    await store.commitChanges(changeSet(0, { types: [counter], stateTables: [stateTable] }));
    return store;
  }

  async function differences(before: number, after: number): Promise<string[]> {
    const lineage = localLineage(folder);
    const found: string[] = [];
    await diffCheckpoints(
      lineage,
      { before: await lineage.read(before), after: await lineage.read(after) },
      async ({ typeName, id, state, before: first, after: second }) => {
        const values = [first, second].map((row) => row && Buffer.from(row.value).toString());
        found.push(`${typeName}/${id} ${state} ${values.join(" ")}`);
      },
    );
    return found;
  }

  it("tells which states differ between any two, with both values", async () => {
    const store = await openCounters();
    await store.commit({ ann: "1", bob: "1", eve: "1" });
    const first = await store.checkpoint();
    await store.commit({ ann: "2", bob: null, joe: "1" });
    const second = await store.checkpoint();
    await store.commit({ ann: "1", bob: "1", joe: null, eve: "1" });
    const third = await store.checkpoint();
    assert.deepEqual(await differences(first.number, second.number), [
      "example/counter/ann count 1 2",
      "example/counter/bob count 1 ",
      "example/counter/joe count  1",
    ]);
    assert.deepEqual(await differences(second.number, first.number), [
      "example/counter/ann count 2 1",
      "example/counter/bob count  1",
      "example/counter/joe count 1 ",
    ]);
    assert.deepEqual(await differences(first.number, third.number), []);
    store.store.releaseDeltas(store.epoch);
    await store.commit({ ann: "9" });
    await store.fold();
    store.store.releaseDeltas(store.epoch);
    await store.commit({ zoe: "1" });
    const base = await store.checkpoint();
    assert.equal(base.kind, "base");
    assert.deepEqual(await differences(third.number, base.number), [
      "example/counter/ann count 1 9",
      "example/counter/zoe count  1",
    ]);
    const store1 = ["--checkpoint-store", `file:${join(folder, "store")}`];
    const words = ["checkpoint", "diff", `${first.number}`, `${second.number}`, ...store1];
    const { exitCode, stdout } = await statewire(words);
    assert.equal(exitCode, 0);
    assert.equal(stdout.toString().split("\n").length, 4);
    const same = await statewire(["checkpoint", "diff", "latest", "latest", ...store1]);
    assert.deepEqual([same.stdout.toString(), same.stderr], ["", "no state differs\n"]);
  });

  it("takes no value that had expired for a difference", async () => {
    const store = await openCounters();
    const expiring = (expiresAtMs: number) => {
      const { rows, ...changes } = rowChanges(0, { ann: "1" });
      return { ...changes, rows: copyRows(rows).map((row) => ({ ...row, expiresAtMs })) };
    };
    await store.commitChanges(expiring(1));
    const first = await store.checkpoint();
    await store.commit({ ann: null });
    const second = await store.checkpoint();
    assert.deepEqual(await differences(first.number, second.number), []);
  });

  it("forks into a lineage of its own, and neither disturbs the other", async () => {
    const original = await open("data");
    await original.commit({ a: "1" });
    const { number } = await original.checkpoint();
    await original.commit({ a: "2" });
    await restore("fork", number, "what-if");
    await original.checkpoint();
    const fork = await open("fork", { lineage: "what-if", kept: { countMin: 1, ageMs: 0 } });
    await fork.commit({ a: "fork" });
    assert.equal((await fork.checkpoint()).kind, "base");
    await fork.commit({ a: "fork again" });
    await fork.checkpoint();
    await original.commit({ a: "3" });
    await original.checkpoint();
    assert.ok((await original.dump()).some((entry) => entry.endsWith("3")));
    await restore("copy", original.writer.latest.number);
    await assert.rejects(restore("other", number, "what-if"), { code: "FENCED" });
  });

  it("goes back to an earlier state, with a base first", async () => {
    const store = await open("data");
    await store.commit({ a: "1" });
    const early = await store.checkpoint();
    const dump = await store.dump();
    await store.commit({ a: "2" });
    const late = await store.checkpoint();
    await close(store);
    await restore("rewound", early.number);
    const rewound = await open("rewound");
    assert.deepEqual(await rewound.dump(), dump);
    assert.equal(rewound.writer.latest.number, late.number + 1);
    assert.equal(rewound.writer.latest.epoch, early.epoch);
    await rewound.commit({ a: "other" });
    assert.equal((await rewound.checkpoint()).kind, "base");
  });

  it("fences a directory whose lineage has gone on since it was restored", async () => {
    const store = await open("data");
    await store.commit({ a: "1" });
    const { number } = await store.checkpoint();
    await restore("late", number);
    await store.commit({ a: "2" });
    await store.checkpoint();
    await assert.rejects(open("late"), { code: "FENCED" });
    await store.commit({ a: "3" });
    await store.checkpoint();
    await restore("newer", store.writer.latest.number);
    await open("newer");
    await store.commit({ a: "4" });
    await assert.rejects(store.checkpoint(), { code: "FENCED" });
  });

  it("keeps as many checkpoints as it should, every one of them whole, and nothing else", async () => {
    const store = await open("data", { kept: { countMin: 3, ageMs: 0 } });
    const dumps = new Map<number, readonly string[]>();
    for (let round = 0; round < 12; round++) {
      await store.commit({ [`key ${round % 4}`]: String(round) });
      if (round % 5 === 4) store.store.releaseDeltas(store.epoch);
      dumps.set((await store.checkpoint()).number, await store.dump());
    }
    const lineage = localLineage(folder);
    const numbers = await lineage.numbers();
    assert.deepEqual(numbers, [...dumps.keys()].slice(-3));
    const named = new Set<string>();
    for (const number of numbers) {
      const copy = `copy ${number}`;
      await restore(copy, number);
      const manifest = await lineage.read(number);
      for (const { objects } of manifest.runs) for (const { key } of objects) named.add(key);
    }
    const kept: string[] = [];
    for await (const { key } of lineage.objects()) kept.push(key);
    assert.deepEqual(kept.sort(), [...named].sort());
  });

  it("keeps checkpoints that are young enough, and the latest however old", async () => {
    const store = await open("data");
    const lineage = localLineage(folder);
    const garbage = new Garbage(lineage, { countMin: 0, ageMs: 60_000 });
    const made: Manifest[] = [];
    for (const a of ["1", "2", "3"]) {
      await store.commit({ a });
      await store.checkpoint();
      made.push(store.writer.latest);
    }
    const [first, , last] = made.map(({ createdAtMs }) => createdAtMs);
    const youngAt = async (nowMs: number) => {
      await garbage.collect(store.writer.latest, nowMs);
      return (await lineage.numbers()).length;
    };
    assert.equal(await youngAt((first ?? 0) + 59_999), 3);
    assert.equal(await youngAt((last ?? 0) + 60_000), 1);
    assert.deepEqual(await lineage.numbers(), [made.at(-1)?.number]);
    await restore("copy", store.writer.latest.number);
  });

  it("finds the checkpoint of a time, and says when there is none", async () => {
    const store = await open("data");
    await store.commit({ a: "1" });
    await store.checkpoint();
    const { createdAtMs, number } = store.writer.latest;
    const lineage = localLineage(folder);
    const found = await findCheckpoint(lineage, { kind: "time", timeMs: createdAtMs });
    assert.equal(found.number, number);
    const early = { kind: "time", timeMs: createdAtMs - 1 } as const;
    await assert.rejects(findCheckpoint(lineage, early), { code: "NOT_FOUND" });
    const none = localLineage(folder, "none");
    await assert.rejects(findCheckpoint(none, { kind: "latest" }), { code: "NOT_FOUND" });
  });
});
