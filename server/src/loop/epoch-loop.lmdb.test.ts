import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { widePolicy } from "../../test/support/core-story.js";
import { Committer } from "../commit/committer.js";
import type { SendCommand } from "../core/command.js";
import type { Acknowledged } from "../core/effect.js";
import { Machine } from "../core/machine.js";
import { keyedTable } from "../core/state-table.js";
import { Store } from "../store/store.js";
import { StoreError } from "../store/store-error.js";
import { systemClock } from "./clock.js";
import type { Durability } from "./epoch-loop.js";
import { EpochLoop } from "./epoch-loop.js";

// Goal: nothing leaves before its epoch is on disk, epochs are committed one at a time, and a disk
// that fails stops the loop once. Method: the real core and store under the loop.

const limits = {
  batchMessagesMax: 100,
  batchBytesMax: 1_000_000,
  eagerStateBytesMax: 1_000_000,
  mailboxInMemoryMax: 1000,
  outboxInMemoryMax: 1000,
  timersInMemoryMax: 100,
  timersInMemoryBytesMax: 1_000_000,
  outboxWindow: 100,
  outboxWindowBytes: 1_000_000,
  backlogBytesMax: 1_000_000_000,
  idempotencyRetentionMs: 60_000,
  epochChangesMax: 1000,
  epochAgeMsMax: 10,
};

describe("EpochLoop", () => {
  let directory = "";
  let store: Store;
  let loop: EpochLoop;
  let machine: Machine;
  const acknowledged: Acknowledged[] = [];
  const accepting: boolean[] = [];
  const fatal: unknown[] = [];
  let committing = 0;
  let committingMost = 0;
  let folds = 0;
  let clockAheadMs = 0;
  let onReleased: () => void = () => undefined;
  let onFolded: () => void = () => undefined;

  async function start(options: {
    readonly backlogBytesMax?: number;
    readonly foldJournalBytes?: number;
    readonly durability?: (real: Durability) => Durability;
  }): Promise<void> {
    store = await Store.open({ directory, segmentBytes: 256 * 1024 });
    const core = {
      limits,
      functions: [{ ...widePolicy, pattern: "example/*" }],
      undeclaredFunctions: widePolicy,
      egresses: [],
      egressesAfterCheckpoint: [],
      suspectRestored: false,
    };
    machine = new Machine(core, store, store.readImage(), systemClock.nowMs());
    const committer = new Committer(store);
    const real: Durability = {
      commit: async (changes) => {
        committingMost = Math.max(committingMost, ++committing);
        try {
          return await committer.commit(changes);
        } finally {
          committing--;
        }
      },
      fold: (epoch, expiredMs) => store.fold(epoch, expiredMs),
      sweep: (expiredMs) => store.sweep(expiredMs),
    };
    loop = new EpochLoop({
      machine,
      durability: options.durability?.(real) ?? real,
      clock: { ...systemClock, nowMs: () => systemClock.nowMs() + clockAheadMs },
      release: (effects) => {
        acknowledged.push(...effects.acknowledged);
        onReleased();
      },
      onAccepting: (value) => {
        accepting.push(value);
        onReleased();
      },
      onCommit: () => undefined,
      onFold: () => {
        folds++;
        onFolded();
        onReleased();
      },
      onFatal: (error) => fatal.push(error),
      nextExpiryMs: store.recovery.nextExpiryMs,
      backlogBytesMax: options.backlogBytesMax ?? 1_000_000_000,
      foldJournalBytes: options.foldJournalBytes ?? 1_000_000_000,
    });
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-loop-"));
    for (const list of [acknowledged, accepting, fatal]) list.length = 0;
    committingMost = 0;
    folds = 0;
    onFolded = () => undefined;
    clockAheadMs = 0;
  });

  afterEach(async () => {
    await loop.stop();
    await store.close();
    rmSync(directory, { recursive: true });
  });

  function send(request: number, value: string): SendCommand {
    return {
      kind: "send",
      request,
      typeName: "example/a",
      id: `id ${request % 7}`,
      message: { typename: "example/text", value: Buffer.from(value) },
      traceparent: "",
      delayMs: 0,
      once: null,
    };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        onReleased = resolve;
      });
    }
  }

  function journal(): string {
    const folder = join(directory, "journal");
    return readdirSync(folder)
      .filter((name) => name.startsWith("journal-"))
      .map((name) => readFileSync(join(folder, name), "latin1"))
      .join("");
  }

  it("counts a delay from its own moment, whatever came before in the same turn", async () => {
    await start({});
    loop.submit(send(1, "x"));
    clockAheadMs = 5000;
    const askedAtMs = systemClock.nowMs() + clockAheadMs;
    loop.submit({ ...send(2, "x"), delayMs: 1000 });
    assert.ok((machine.shard.timers.nextDueMs ?? 0) >= askedAtMs + 1000);
  });

  it("acknowledges a message only when it is on disk", async () => {
    await start({});
    loop.submit(send(1, "the one message"));
    assert.equal(acknowledged.length, 0);
    await until(() => {
      if (acknowledged.length === 0) return false;
      assert.ok(journal().includes("the one message"));
      return true;
    });
    assert.deepEqual(acknowledged, [{ request: 1, duplicate: false }]);
  });

  it("gathers what arrives while an epoch is written, one epoch at a time", async () => {
    await start({});
    const before = store.journalBytes;
    for (let request = 1; request <= 500; request++) loop.submit(send(request, "x"));
    await until(() => acknowledged.length > 0);
    for (let request = 501; request <= 1000; request++) loop.submit(send(request, "x"));
    await loop.flush();
    assert.equal(acknowledged.length, 1000);
    assert.equal(committingMost, 1);
    assert.ok(store.journalBytes > before);
    assert.deepEqual(fatal, []);
  });

  it("has everything on disk when flush resolves, and it is there after a restart", async () => {
    await start({});
    for (let request = 1; request <= 20; request++) loop.submit(send(request, `text ${request}`));
    await loop.flush();
    await loop.stop();
    await store.close();
    await start({});
    const image = store.readImage();
    assert.deepEqual(
      [...image.backlogs].map(({ mailboxes, messages }) => [mailboxes, messages]),
      [[7, 20]],
    );
  });

  it("folds as the journal grows, and never more than one at a time", async () => {
    let folding = 0;
    await start({
      foldJournalBytes: 400_000,
      durability: (real) => ({
        ...real,
        fold: async (epoch, expiredMs) => {
          assert.equal(++folding, 1);
          const report = await real.fold(epoch, expiredMs);
          folding--;
          return report;
        },
      }),
    });
    for (let round = 1; round <= 3; round++) {
      for (let at = 0; at < 5; at++) loop.submit(send(round * 10 + at, "x".repeat(20_000)));
      await until(() => folds >= round);
    }
    await loop.flush();
    await loop.stop();
    assert.ok(store.foldedEpoch > 0);
    assert.deepEqual(fatal, []);
  });

  it("may be asked for a fold by whoever hears that one has ended, as a checkpoint asks", async () => {
    let requests = 0;
    await start({
      durability: (real) => ({
        ...real,
        // Each leaves something behind that is durable, and that it has not taken along.
        fold: async (epoch, expiredMs) => {
          const report = await real.fold(epoch, expiredMs);
          loop.submit(send(++requests, "x"));
          await loop.flush();
          return report;
        },
      }),
    });
    const asked: Promise<number>[] = [];
    onFolded = () => {
      if (folds < 10) asked.push(loop.fold());
    };
    loop.submit(send(++requests, "x"));
    asked.push(loop.fold());
    const epochs: number[] = [];
    for (let at = 0; at < asked.length; at++) epochs.push((await asked[at]) ?? 0);
    assert.deepEqual([epochs.length, fatal], [10, []]);
    assert.ok((epochs.at(-1) ?? 0) > (epochs[0] ?? 0));
  });

  it("removes from the tables what has expired, once nobody reads it any more", async () => {
    await start({ foldJournalBytes: 100_000 });
    const once = { kind: "key", key: "once" } as const;
    loop.submit({ ...send(1, "x".repeat(20_000)), once });
    await until(() => folds > 0);
    assert.notEqual(store.readRow(keyedTable.dedup, "once"), undefined);
    loop.submit(send(2, "x"));
    await loop.flush();
    assert.equal(store.rowsExpired, 0);
    clockAheadMs = limits.idempotencyRetentionMs;
    for (let request = 3; store.rowsExpired === 0; request++) {
      loop.submit(send(request, "x"));
      await loop.flush();
    }
    assert.equal(store.readRow(keyedTable.dedup, "once"), undefined);
  });

  it("stops accepting while folds are behind, and accepts again after", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await start({
      foldJournalBytes: 200_000,
      durability: (real) => ({
        ...real,
        fold: async (epoch, expiredMs) => {
          await held;
          return real.fold(epoch, expiredMs);
        },
      }),
    });
    for (let request = 1; accepting.length === 0; request++) {
      assert.ok(request < 100);
      loop.submit(send(request, "x".repeat(20_000)));
      await until(() => acknowledged.length === request || accepting.length > 0);
    }
    assert.deepEqual(accepting, [false]);
    release();
    await until(() => accepting.length > 1);
    assert.deepEqual(accepting, [false, true]);
  });

  it("stops once, releases nothing more and steps nothing more when the disk fails", async () => {
    const failure = new StoreError("WRITE_FAILED", "no space");
    let commits = 0;
    await start({
      durability: (real) => ({
        ...real,
        commit: (changes) => (++commits === 2 ? Promise.reject(failure) : real.commit(changes)),
      }),
    });
    loop.submit(send(1, "kept"));
    await until(() => acknowledged.length === 1);
    loop.submit(send(2, "lost"));
    await loop.flush();
    assert.deepEqual(fatal, [failure]);
    loop.submit(send(3, "too late"));
    await loop.flush();
    await loop.stop();
    assert.deepEqual(fatal, [failure]);
    assert.equal(acknowledged.length, 1);
    assert.equal(commits, 2);
  });

  it("reports a fold that fails, once", async () => {
    const failure = new StoreError("JOURNAL_CORRUPT", "damaged");
    await start({
      foldJournalBytes: 100_000,
      durability: (real) => ({ ...real, fold: () => Promise.reject(failure) }),
    });
    // The disk takes the time that it takes: turns are cheap, messages are not.
    for (let turn = 1; fatal.length === 0; turn++) {
      assert.ok(turn < 1_000_000);
      if (turn % 100 === 1 && turn < 2000) loop.submit(send(turn, "x".repeat(20_000)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(fatal, [failure]);
    await loop.stop();
  });
});
