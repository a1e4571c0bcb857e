import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Lineage } from "../src/checkpoint/lineage.js";
import { objectsOf } from "../src/checkpoint/manifest.js";
import type { ObjectStore } from "../src/checkpoint/objectstore/object-store.js";
import { ObjectStoreError } from "../src/checkpoint/objectstore/object-store.js";
import { openObjectStore } from "../src/checkpoint/objectstore/open-store.js";
import { restoreCheckpoint } from "../src/checkpoint/restore.js";
import { verifyCheckpoint } from "../src/checkpoint/verify.js";
import { isDataDirectoryEmpty } from "../src/store/table-loader.js";
import type { CheckpointPlace } from "./support/checkpoint-places.js";
import { checkpointPlaces } from "./support/checkpoint-places.js";
import { CheckpointedStore, dumpTables, temporaryFolder } from "./support/checkpointed-store.js";

// Goal: whichever request of a checkpoint or a restore fails, before or after it took effect, and
// whether the process goes on or dies of it, no state is lost, nothing is restored in part, and no
// garbage stays. Method: a store that fails its k-th request once, for every k until none is left.

/** A store whose k-th request fails, once. */
class FailingStore {
  readonly store: ObjectStore;
  failAt = 0;
  /** The request has taken effect, and its answer is lost. */
  isAfter = false;
  requests = 0;

  constructor(store: ObjectStore) {
    const call = async <T>(act: () => Promise<T>): Promise<T> => {
      this.requests++;
      const fails = this.requests === this.failAt;
      if (fails && !this.isAfter) throw lost;
      const answer = await act();
      if (fails) throw lost;
      return answer;
    };
    const lost = new ObjectStoreError("UNAVAILABLE", "the request is lost");
    this.store = {
      name: store.name,
      put: (key, body) => call(() => store.put(key, body)),
      putIfAbsent: (key, body) => call(() => store.putIfAbsent(key, body)),
      get: (key) => call(() => store.get(key)),
      list: (prefix, after) => call(() => store.list(prefix, after)),
      delete: (key) => call(() => store.delete(key)),
      close: () => store.close(),
    };
  }

  arm(failAt: number, isAfter: boolean): void {
    this.requests = 0;
    this.failAt = failAt;
    this.isAfter = isAfter;
  }

  /** Whether the request that should fail has come. */
  get hasFailed(): boolean {
    return this.requests >= this.failAt;
  }
}

const unavailable = { code: "UNAVAILABLE" };
/** Everything but the newest checkpoint goes, so that garbage is collected each time. */
const retention = { countMin: 1, ageMs: 0 };

/** A new lineage for each test, in a store that fails as it is told, and what must be true of it. */
function useFailingLineage(open: (folder: string) => Promise<CheckpointPlace>) {
  let folder = "";
  let failing: FailingStore;
  let lineage: Lineage;

  beforeEach(async () => {
    folder = temporaryFolder();
    const { url, environment } = await open(folder);
    const endpoint = environment["STATEWIRE_S3_ENDPOINT"] ?? null;
    const access = { endpoint, region: "us-east-1", isPathStyle: true, idleTimeoutMs: 10_000 };
    failing = new FailingStore(openObjectStore(url, { ...access, environment }));
    lineage = new Lineage(failing.store, "main");
  });

  afterEach(() => {
    failing.store.close();
    rmSync(folder, { recursive: true });
  });

  const openNode = () => CheckpointedStore.open(join(folder, "data"), lineage, retention);

  async function restoredTables(target: string): Promise<readonly string[]> {
    const dataDirectory = join(folder, target);
    const options = { dataDirectory, journalSegmentBytes: 1024 * 1024, as: null };
    await restoreCheckpoint(lineage, { kind: "latest" }, options);
    const tables = await dumpTables(dataDirectory);
    rmSync(dataDirectory, { recursive: true });
    return tables;
  }

  /** An attempt may find that the one before it was complete, and then there is a next one. */
  async function again(node: CheckpointedStore): Promise<void> {
    await node.commit({ meanwhile: String(node.epoch) });
    await node.checkpoint().catch((error: unknown) => {
      assert.equal((error as ObjectStoreError).code, "UNAVAILABLE");
      return node.checkpoint();
    });
  }

  async function assertUndamaged(): Promise<void> {
    for (const number of await lineage.numbers()) {
      assert.deepEqual((await verifyCheckpoint(lineage, number)).damage, []);
    }
  }

  async function assertWhole(node: CheckpointedStore): Promise<void> {
    failing.arm(0, false);
    assert.deepEqual(await restoredTables("copy"), await node.dump());
    const { number } = node.writer.latest;
    assert.deepEqual((await verifyCheckpoint(lineage, number)).damage, []);
    const kept: string[] = [];
    for await (const { key } of lineage.objects()) kept.push(key);
    const named = objectsOf(node.writer.latest).map(({ key }) => key);
    assert.deepEqual(kept.sort(), [...named].sort());
  }

  return {
    arm: (failAt: number, isAfter: boolean) => failing.arm(failAt, isAfter),
    hasFailed: () => failing.hasFailed,
    copyPath: () => join(folder, "copy"),
    openNode,
    restoredTables,
    again,
    assertUndamaged,
    assertWhole,
  };
}

for (const { name, open } of checkpointPlaces) {
  describe(`faults of a checkpoint store, while it is written: ${name}`, function () {
    this.timeout(180_000);
    const place = useFailingLineage(open);

    for (const isAfter of [false, true]) {
      const when = isAfter ? "after" : "before";
      it(`any request of a checkpoint fails ${when} it took effect, and the node goes on`, async () => {
        const node = await place.openNode();
        for (let failAt = 1, more = true; more; failAt++) {
          await node.commit({ count: String(failAt), [`key ${failAt % 3}`]: "x".repeat(failAt) });
          place.arm(failAt, isAfter);
          const report = await node.checkpoint().catch((error: unknown) => {
            assert.equal((error as ObjectStoreError).code, "UNAVAILABLE");
            return null;
          });
          more = place.hasFailed();
          place.arm(0, false);
          if (report === null) await place.again(node);
          await place.assertUndamaged();
          // One more removes what the failed one has left.
          await node.commit({ again: String(failAt) });
          await node.checkpoint();
          await place.assertWhole(node);
        }
        await node.close();
      });

      it(`any request of a checkpoint fails ${when} it took effect, and the node dies of it`, async () => {
        let node = await place.openNode();
        for (let failAt = 1, more = true; more; failAt++) {
          await node.commit({ count: String(failAt), [`key ${failAt % 3}`]: "x".repeat(failAt) });
          place.arm(failAt, isAfter);
          await node.checkpoint().catch(() => undefined);
          more = place.hasFailed();
          place.arm(0, false);
          await node.close();
          await place.assertUndamaged();
          node = await place.openNode();
          await node.commit({ again: String(failAt) });
          await node.checkpoint();
          await place.assertWhole(node);
        }
        await node.close();
      });
    }
  });

  describe(`faults of a checkpoint store, while it is read: ${name}`, function () {
    this.timeout(180_000);
    const place = useFailingLineage(open);

    it("any request of a start or of a restore fails, and the next attempt succeeds", async () => {
      let node = await place.openNode();
      await node.commit({ a: "1", b: "2" });
      await node.checkpoint();
      const tables = await node.dump();
      await node.close();
      let failures = 0;
      for (let failAt = 1, more = true; more; failAt++) {
        place.arm(failAt, false);
        const restoring = place.restoredTables("copy");
        await restoring.catch((error: unknown) => {
          failures++;
          assert.equal((error as ObjectStoreError).code, unavailable.code);
          assert.ok(isDataDirectoryEmpty(place.copyPath()));
        });
        more = place.hasFailed();
        place.arm(0, false);
        assert.deepEqual(await place.restoredTables("copy"), tables);
      }
      assert.ok(failures >= 4, `${failures} failures`);
      for (let failAt = 1, more = true; more; failAt++) {
        place.arm(failAt, failAt % 2 === 0);
        node = await place.openNode().catch(async () => {
          place.arm(0, false);
          return place.openNode();
        });
        more = place.hasFailed();
        place.arm(0, false);
        await node.close();
      }
    });
  });
}
