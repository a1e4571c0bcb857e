import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { CheckpointThread } from "../src/checkpoint/checkpoint-thread.js";
import { Lineage } from "../src/checkpoint/lineage.js";
import type { StoreAccess } from "../src/checkpoint/objectstore/open-store.js";
import { openObjectStore } from "../src/checkpoint/objectstore/open-store.js";
import { restoreCheckpoint } from "../src/checkpoint/restore.js";
import { takeOver } from "../src/checkpoint/takeover.js";
import { checkpointPlaces } from "./support/checkpoint-places.js";
import { CheckpointedStore, dumpTables, temporaryFolder } from "./support/checkpointed-store.js";
import { FaultyNetwork } from "./support/faulty-network.js";
import { createBucket, hasS3Server } from "./support/s3-server.js";

// Goal: checkpoints of many objects, which threads of their own put and read, are whole, and end with
// their node. Method: real threads, a state of several objects, and a network that is cut.

const retry = { patienceMs: 60_000, backoffMsMin: 10, backoffMsMax: 100 };
const batches = 15;
const rowsOfBatch = 100;
const textBytes = 6000;

/** A store with a state of about 12 MB, and the thread that writes its checkpoints. */
class LargeNode {
  /** The first time that the store has to be asked again, and for what. */
  readonly retried: Promise<string>;
  readonly store: CheckpointedStore;
  readonly thread: CheckpointThread;

  static async open(folder: string, storeUrl: string, access: StoreAccess): Promise<LargeNode> {
    const lineage = new Lineage(openObjectStore(storeUrl, access), "main");
    const store = await CheckpointedStore.open(join(folder, "data"), lineage);
    for (let batch = 0; batch < batches; batch++) await store.commit(rowsOf(batch));
    await store.fold();
    return new LargeNode(store, {
      ...{ storeUrl, access, lineage: "main", dataDirectory: join(folder, "data"), retry },
      ...{ retention: { countMin: 10, ageMs: 0 } },
      takeover: await takeOver(lineage, join(folder, "data")),
    });
  }

  private constructor(
    store: CheckpointedStore,
    data: ConstructorParameters<typeof CheckpointThread>[0],
  ) {
    this.store = store;
    let tell: (message: string) => void = () => undefined;
    this.retried = new Promise((resolve) => {
      tell = resolve;
    });
    this.thread = new CheckpointThread(data, tell);
  }

  async write(): Promise<string> {
    await this.store.fold();
    const { foldedEpoch: epoch, deltas } = this.store.store;
    return (await this.thread.write({ epoch, deltas }, () => undefined)).kind;
  }

  async close(): Promise<void> {
    await this.thread.close();
    await this.store.close();
  }
}

function rowsOf(batch: number): Record<string, string> {
  const names = Array.from({ length: rowsOfBatch }, (_, row) => nameOf(batch, row));
  return Object.fromEntries(
    names.map((name) => [name, randomBytes(textBytes / 2).toString("hex")]),
  );
}

function nameOf(batch: number, row: number): string {
  return `row ${String(batch).padStart(3, "0")} ${String(row).padStart(3, "0")}`;
}

/** Changes within, before, behind and between the objects of a base. */
const changes = {
  "row 000 000": "the first one",
  "row 000 001": null,
  "row 010 050": "one within",
  "row 010 050 and a half": "one between two",
  "row 012 000": null,
  "row 014 099": "the last one",
  "row 015 000": "one behind all",
  a: "one before all",
};

for (const { name, open } of checkpointPlaces) {
  describe(`a checkpoint of many objects: ${name}`, function () {
    this.timeout(120_000);

    it("comes back whole, with what deltas have changed anywhere in it", async () => {
      const folder = temporaryFolder();
      const { url, environment } = await open(folder);
      const endpoint = environment["STATEWIRE_S3_ENDPOINT"] ?? null;
      const access = { ...accessOf(endpoint), environment };
      const node = await LargeNode.open(folder, url, access);
      assert.equal(await node.write(), "base");
      const base = await node.store.dump();
      await node.store.commit(changes);
      assert.equal(await node.write(), "delta");
      await node.store.commit({ ...changes, "row 010 050": null });
      assert.equal(await node.write(), "delta");
      const latest = await node.store.dump();
      await node.close();
      const lineage = new Lineage(openObjectStore(url, access), "main");
      const restored = async (target: string, number: number, as: string | null) => {
        const dataDirectory = join(folder, target);
        const reader = { storeUrl: url, access, retry, onRetry: () => undefined };
        const options = { dataDirectory, journalSegmentBytes: 1024 * 1024, reader, as };
        const { entries } = await restoreCheckpoint(lineage, { kind: "number", number }, options);
        const tables = await dumpTables(dataDirectory);
        // Three of the table "meta" are the directory's own, of which a dump has two.
        assert.equal(entries, tables.length - 2);
        return tables;
      };
      const [first = 0] = (await lineage.numbers()).slice(-3);
      // A directory's own epoch is that of its checkpoint.
      assert.deepEqual(await restored("base", first, null), base);
      assert.deepEqual(await restored("latest", first + 2, null), latest);
      assert.deepEqual(await restored("fork", first + 2, "fork"), latest);
      lineage.store.close();
      rmSync(folder, { recursive: true });
    });
  });
}

describe("the threads of a checkpoint", function () {
  this.timeout(120_000);
  let folder = "";

  beforeEach(() => {
    folder = temporaryFolder();
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  if (hasS3Server()) {
    it("go on with the objects when a network that was cut is mended", async () => {
      const { node, network } = await openBehindNetwork(folder);
      network.cut();
      const writing = node.write();
      assert.match(await node.retried, /put main\/objects\//);
      network.mend();
      assert.equal(await writing, "base");
      await node.close();
      network.close();
    });

    it("end at once while the store is away", async () => {
      const { node, network } = await openBehindNetwork(folder);
      network.cut();
      const writing = assert.rejects(node.write());
      await node.retried;
      const startedAtMs = performance.now();
      await node.close();
      assert.ok(performance.now() - startedAtMs < retry.patienceMs / 2);
      await writing;
      network.close();
    });
  }

  // Elsewhere threads have no priorities.
  if (process.platform === "linux") {
    it("give way to the loop", async () => {
      const access = { ...accessOf(null), environment: {} };
      const before = prioritiesOfThreads();
      const node = await LargeNode.open(folder, `file:${join(folder, "kept")}`, access);
      await node.write();
      const own = getPriority();
      const countLower = (all: readonly number[]) => all.filter((each) => each > own).length;
      assert.equal(countLower(prioritiesOfThreads()), countLower(before) + 1);
      assert.equal(getPriority(), own);
      await node.close();
    });
  }
});

async function openBehindNetwork(folder: string) {
  const { bucket, endpoint, environment } = await createBucket();
  const network = await FaultyNetwork.open(endpoint);
  const access = { ...accessOf(network.endpoint), environment };
  return { node: await LargeNode.open(folder, `s3://${bucket}/threads`, access), network };
}

function accessOf(endpoint: string | null): Omit<StoreAccess, "environment"> {
  return { endpoint, region: "us-east-1", isPathStyle: true, idleTimeoutMs: 10_000 };
}

/** Of each thread of this process, its niceness. */
function prioritiesOfThreads(): number[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
    // The name before it, in parentheses, may have spaces.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}
