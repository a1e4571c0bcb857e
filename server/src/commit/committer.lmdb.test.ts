import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeSet, rowChanges, rowTable } from "../../test/support/epoch-records.js";
import { Store } from "../store/store.js";
import { Committer } from "./committer.js";

describe("Committer", () => {
  let directory = "";
  let store: Store;

  const options = () => ({ directory, segmentBytes: 64 * 1024 });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-commit-"));
    store = await Store.open(options());
  });

  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it("makes an epoch durable as it was when commit was called", async () => {
    const committer = new Committer(store);
    const row = {
      table: rowTable,
      key: "a",
      value: Buffer.from("then") as Uint8Array | null,
      expiresAtMs: 0,
      epoch: 1,
    };
    const committing = committer.commit(changeSet(1, { rows: [row] }));
    // The core goes on while the disk writes: the row is a live object.
    row.value = Buffer.from("later");
    const report = await committing;
    assert.equal(report.epoch, 1);
    assert.equal(report.changes, 1);
    assert.ok(report.bytes > 0 && report.durationMs >= 0);
    await store.close();
    store = await Store.open(options());
    assert.equal(Buffer.from(store.readRow(rowTable, "a")?.value ?? []).toString(), "then");
  });

  it("commits epochs one after the other through one buffer", async () => {
    const committer = new Committer(store);
    for (let epoch = 1; epoch <= 20; epoch++) {
      await committer.commit(rowChanges(epoch, { [`key ${epoch}`]: "x".repeat(epoch * 1000) }));
    }
    await store.close();
    store = await Store.open(options());
    assert.equal(store.recovery.epochs, 20);
    for (let epoch = 1; epoch <= 20; epoch++) {
      assert.equal(store.readRow(rowTable, `key ${epoch}`)?.value.length, epoch * 1000);
    }
  });
});
