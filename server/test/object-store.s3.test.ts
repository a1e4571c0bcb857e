import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectStore } from "../src/checkpoint/objectstore/object-store.js";
import { listAll, listKeysMax } from "../src/checkpoint/objectstore/object-store.js";
import { openObjectStore } from "../src/checkpoint/objectstore/open-store.js";
import { createBucket, hasS3Server } from "./support/s3-server.js";

// Goal: every object store keeps the contract of object-store.ts.
// Method: the same tests against a local directory and against a real S3 server.

interface Subject {
  readonly name: string;
  /** Two ways into one new, empty store: two processes, as far as it knows. */
  open(): Promise<{ readonly stores: readonly [ObjectStore, ObjectStore]; close(): void }>;
}

const access = { endpoint: null, region: "us-east-1", isPathStyle: true, idleTimeoutMs: 10_000 };

const localDirectory: Subject = {
  name: "local directory",
  open: () => {
    const directory = mkdtempSync(join(tmpdir(), "statewire-objects-"));
    const open = () => openObjectStore(`file:${directory}/store`, { ...access, environment: {} });
    const close = () => rmSync(directory, { recursive: true });
    return Promise.resolve({ stores: [open(), open()], close });
  },
};

const s3: Subject = {
  name: "S3 server",
  open: async () => {
    const { endpoint, bucket, environment } = await createBucket();
    const open = () => openObjectStore(`s3://${bucket}/a/b`, { ...access, endpoint, environment });
    const stores = [open(), open()] as const;
    const close = () => {
      for (const store of stores) store.close();
    };
    return { stores, close };
  },
};

for (const subject of hasS3Server() ? [localDirectory, s3] : [localDirectory]) {
  describe(`an object store: ${subject.name}`, () => {
    let store: ObjectStore;
    let other: ObjectStore;
    let close: () => void = () => undefined;

    beforeEach(async () => {
      const opened = await subject.open();
      [store, other] = opened.stores;
      close = opened.close;
    });

    afterEach(() => close());

    it("gives back what was put, to everybody", async () => {
      const body = randomBytes(3_000_000);
      await store.put("main/objects/1", body);
      await store.put("main/objects/empty", Buffer.alloc(0));
      assert.deepEqual(await other.get("main/objects/1"), body);
      assert.deepEqual(await other.get("main/objects/empty"), Buffer.alloc(0));
    });

    it("has no object that nobody put", async () => {
      assert.equal(await store.get("main/objects/1"), undefined);
      await store.put("main/objects/11", Buffer.from("x"));
      assert.equal(await store.get("main/objects/1"), undefined);
      assert.deepEqual(await store.list("main/other/", ""), { objects: [], more: false });
    });

    it("lets the first conditional put in, and no later one", async () => {
      assert.equal(await store.putIfAbsent("main/manifests/1", Buffer.from("first")), true);
      assert.equal(await other.putIfAbsent("main/manifests/1", Buffer.from("second")), false);
      assert.equal(await store.putIfAbsent("main/manifests/1", Buffer.from("third")), false);
      assert.equal((await other.get("main/manifests/1"))?.toString(), "first");
    });

    it("lets one of many conditional puts at the same moment in", async () => {
      const bodies = Array.from({ length: 12 }, (_, number) => `writer ${number}`);
      const outcomes = await Promise.all(
        bodies.map((body, number) =>
          (number % 2 === 0 ? store : other).putIfAbsent("main/manifests/7", Buffer.from(body)),
        ),
      );
      const winners = bodies.filter((_, number) => outcomes[number]);
      assert.equal(winners.length, 1);
      assert.equal((await store.get("main/manifests/7"))?.toString(), winners[0]);
    });

    it("refuses a conditional put on what a plain one has put", async () => {
      await store.put("main/manifests/2", Buffer.from("plain"));
      assert.equal(await store.putIfAbsent("main/manifests/2", Buffer.from("late")), false);
    });
  });

  describe(`the list of an object store: ${subject.name}`, () => {
    let store: ObjectStore;
    let other: ObjectStore;
    let close: () => void = () => undefined;

    beforeEach(async () => {
      const opened = await subject.open();
      [store, other] = opened.stores;
      close = opened.close;
    });

    afterEach(() => close());

    it("lists a prefix in order of key, with sizes, from after a key", async () => {
      for (const key of ["m/b/2", "m/b/10", "m/b/1", "m/c/1", "m/b-1/x"]) {
        await store.put(key, Buffer.from(key));
      }
      const { objects, more } = await other.list("m/b/", "");
      assert.equal(more, false);
      assert.deepEqual(objects, [
        { key: "m/b/1", bytes: 5 },
        { key: "m/b/10", bytes: 6 },
        { key: "m/b/2", bytes: 5 },
      ]);
      const later = await other.list("m/b/", "m/b/10");
      assert.deepEqual(
        later.objects.map(({ key }) => key),
        ["m/b/2"],
      );
    });

    it("lists more than a page, page by page", async () => {
      const keys = Array.from(
        { length: listKeysMax + 5 },
        (_, n) => `m/${String(n).padStart(5, "0")}`,
      );
      for (let at = 0; at < keys.length; at += 16) {
        await Promise.all(keys.slice(at, at + 16).map((key) => store.put(key, Buffer.from("x"))));
      }
      const first = await store.list("m/", "");
      assert.equal(first.objects.length, listKeysMax);
      assert.equal(first.more, true);
      const all: string[] = [];
      for await (const { key } of listAll(store, "m/")) all.push(key);
      assert.deepEqual(all, keys);
    });

    it("deletes an object, and what is not there", async () => {
      await store.put("main/objects/1", Buffer.from("x"));
      await other.delete("main/objects/1");
      await other.delete("main/objects/1");
      assert.equal(await store.get("main/objects/1"), undefined);
      assert.deepEqual((await store.list("main/", "")).objects, []);
    });
  });
}

describe("a local directory as object store", () => {
  it("shows nothing that was being written when a process died, and removes it in the end", async () => {
    const { stores, close } = await localDirectory.open();
    const [store, other] = stores;
    const directory = store.name.slice("file:".length);
    await store.put("main/objects/1", Buffer.from("x"));
    const old = join(directory, "main/objects/.writing-old");
    writeFileSync(old, "half");
    utimesSync(old, 0, 0);
    const young = join(directory, "main/objects/.writing-young");
    writeFileSync(young, "half");
    const keys = (await other.list("main/", "")).objects.map(({ key }) => key);
    assert.deepEqual(keys, ["main/objects/1"]);
    await other.put("main/objects/2", Buffer.from("y"));
    assert.throws(() => utimesSync(old, 0, 0), { code: "ENOENT" });
    utimesSync(young, 0, 0);
    close();
  });

  it("says what is in its way", async () => {
    const { stores, close } = await localDirectory.open();
    const [store] = stores;
    writeFileSync(store.name.slice("file:".length), "a file");
    await assert.rejects(store.put("main/objects/1", Buffer.from("x")), {
      name: "ObjectStoreError",
      code: "MISCONFIGURED",
    });
    close();
  });
});
