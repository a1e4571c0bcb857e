import assert from "node:assert/strict";
import type { ObjectStore, ObjectStoreErrorCode } from "./object-store.js";
import { ObjectStoreError } from "./object-store.js";
import { retryingStore } from "./retrying-store.js";

// Goal: what may pass is tried again for a time, and nothing else is.

/** Fails as often as told, then works. */
function failing(times: number, code: ObjectStoreErrorCode) {
  let calls = 0;
  const act = (): void => {
    calls++;
    if (calls <= times) throw new ObjectStoreError(code, `failure ${calls}`);
  };
  const store: ObjectStore = {
    name: "failing",
    put: async () => act(),
    putIfAbsent: async () => {
      act();
      return true;
    },
    get: async () => {
      act();
      return Buffer.from("x");
    },
    list: async () => {
      act();
      return { objects: [], more: false };
    },
    delete: async () => act(),
    close: () => undefined,
  };
  return { store, calls: () => calls };
}

function options(given: { patienceMs?: number; signal?: AbortSignal } = {}) {
  const retried: string[] = [];
  return {
    retried,
    patienceMs: 10_000,
    backoffMsMin: 1,
    backoffMsMax: 2,
    random: () => 1,
    onRetry: (error: ObjectStoreError) => retried.push(error.message),
    signal: new AbortController().signal,
    ...given,
  };
}

describe("retryingStore", () => {
  it("tries every call again until it works, and tells of each failure", async () => {
    const calls: ((store: ObjectStore) => Promise<unknown>)[] = [
      (store) => store.put("k", Buffer.alloc(1)),
      (store) => store.putIfAbsent("k", Buffer.alloc(1)),
      (store) => store.get("k"),
      (store) => store.list("k/", ""),
      (store) => store.delete("k"),
    ];
    for (const call of calls) {
      const { store, calls: count } = failing(3, "UNAVAILABLE");
      const told = options();
      await call(retryingStore(store, told));
      assert.equal(count(), 4);
      assert.deepEqual(told.retried, ["failure 1", "failure 2", "failure 3"]);
    }
  });

  it("gives up when its patience is over", async () => {
    const { store } = failing(Number.POSITIVE_INFINITY, "UNAVAILABLE");
    const told = options({ patienceMs: 20 });
    const startedAtMs = performance.now();
    await assert.rejects(retryingStore(store, told).get("k"), { code: "UNAVAILABLE" });
    // On a busy machine it may be later, and after fewer attempts.
    assert.ok(performance.now() - startedAtMs >= told.patienceMs - told.backoffMsMax);
  });

  it("does not try again what cannot pass", async () => {
    for (const code of ["DENIED", "MISCONFIGURED"] as const) {
      const { store, calls } = failing(1, code);
      await assert.rejects(retryingStore(store, options()).get("k"), { code });
      assert.equal(calls(), 1);
    }
  });

  it("ends its wait when it is told to", async () => {
    const { store } = failing(Number.POSITIVE_INFINITY, "UNAVAILABLE");
    const abort = new AbortController();
    const waiting = options({ signal: abort.signal });
    const pending = retryingStore(store, {
      ...waiting,
      backoffMsMin: 5000,
      backoffMsMax: 5000,
      onRetry: () => abort.abort(),
    }).get("k");
    await assert.rejects(pending, { code: "UNAVAILABLE" });
  });
});
