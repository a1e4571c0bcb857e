import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeSet, recordOf } from "../../test/support/epoch-records.js";
import { createType } from "../core/catalog.js";
import { Store } from "./store.js";

// Goal: a range of the tables is what the core's contract says: in order, from behind its start, no
// longer than its limits. Method: a real store with a folded epoch.

const type = createType(1, "example/counter");

function timer(sequence: number, dueMs: number, bytes = 10) {
  return {
    dueMs,
    sequence,
    token: `token ${sequence}`,
    type,
    id: "ann",
    callerType: type,
    callerId: "bob",
    typename: "example/ping",
    value: Buffer.alloc(bytes, sequence),
    traceparent: "",
    storedEpoch: 0,
    done: false,
  };
}

describe("Store ranges", () => {
  let directory = "";
  let store: Store;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-ranges-"));
    store = await Store.open({ directory, segmentBytes: 1024 * 1024 });
  });

  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  async function fold(timersSet: ReturnType<typeof timer>[]): Promise<void> {
    const changes = changeSet(1, { timersSet });
    await store.append(recordOf(changes), changes.epoch);
    await store.fold(changes.epoch);
  }

  it("read timers from behind a key, by time and then by sequence", async () => {
    await fold([timer(4, 300), timer(1, 200), timer(2, 200), timer(3, 100), timer(5, 200)]);
    const read = (dueMs: number, sequence: number, limit = 10) =>
      store
        .readTimers({ after: { dueMs, sequence }, limit, bytesMax: 1000 })
        .map((each) => each.message.sequence);
    assert.deepEqual(read(0, 0), [3, 1, 2, 5, 4]);
    assert.deepEqual(read(200, 1), [2, 5, 4]);
    assert.deepEqual(read(200, 0, 2), [1, 2]);
    assert.deepEqual(read(300, 4), []);
    assert.equal(store.readImage({ mailboxInMemoryMax: 1, outboxInMemoryMax: 1 }).timerCount, 5);
  });

  it("read a timer whole", async () => {
    await fold([timer(7, 100)]);
    const [read] = store.readTimers({
      after: { dueMs: 0, sequence: 0 },
      limit: 1,
      bytesMax: 1,
    });
    assert.deepEqual([read?.dueMs, read?.token], [100, "token 7"]);
    const { type: index, id, callerType, callerId, value } = read?.message ?? {};
    assert.deepEqual([index, id, callerType, callerId], [1, "ann", 1, "bob"]);
    assert.deepEqual(Buffer.from(value ?? []), Buffer.alloc(10, 7));
  });

  it("read no more timers than fit, but one in any case", async () => {
    await fold([timer(1, 1, 400), timer(2, 2, 400), timer(3, 3, 400)]);
    const read = (bytesMax: number) =>
      store.readTimers({ after: { dueMs: 0, sequence: 0 }, limit: 10, bytesMax }).length;
    assert.equal(read(1), 1);
    assert.equal(read(600), 2);
    assert.equal(read(10_000), 3);
  });
});
