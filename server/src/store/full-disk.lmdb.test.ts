import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordOf, rowChanges, rowTable } from "../../test/support/epoch-records.js";
import { Store } from "./store.js";

// Goal: a full disk stops the store with WRITE_FAILED, and costs nothing that was durable. Method: a
// file system of a few megabytes in memory, which only root may mount.

const megabyte = 1024 * 1024;

function mount(megabytes: number): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), "statewire-full-"));
  try {
    const options = `size=${megabytes}m`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory], { stdio: "pipe" });
    return directory;
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
}

function unmount(directory: string): void {
  execFileSync("umount", [directory]);
  rmSync(directory, { recursive: true });
}

describe("Store on a full disk", () => {
  const probe = mount(1);
  if (probe === undefined) {
    it("is not tested here: mounting a small file system needs root", () => undefined);
    return;
  }
  unmount(probe);
  let directory = "";

  afterEach(() => unmount(directory));

  function open(segmentBytes: number): Promise<Store> {
    return Store.open({ directory: join(directory, "data"), segmentBytes });
  }

  function append(store: Store, epoch: number, value: string): Promise<void> {
    const rows = { [`key ${epoch}`]: value, last: String(epoch) };
    return store.append(recordOf(rowChanges(epoch, rows)), epoch);
  }

  function last(store: Store): string {
    return Buffer.from(store.readRow(rowTable, "last")?.value ?? []).toString();
  }

  it("fails an append for which no segment can begin, and has every epoch before it", async () => {
    directory = mount(6) ?? "";
    const store = await open(megabyte);
    let epoch = 0;
    const fill = async () => {
      for (;;) {
        await append(store, epoch + 1, "x".repeat(500_000));
        epoch++;
      }
    };
    await assert.rejects(fill(), { name: "StoreError", code: "WRITE_FAILED", message: /no space/ });
    await assert.rejects(append(store, epoch + 1, "small"), { code: "WRITE_FAILED" });
    await store.close();
    assert.ok(epoch >= 4, `${epoch} epochs`);

    // Room comes back: what was durable is there.
    execFileSync("mount", ["-o", "remount,size=32m", directory]);
    const again = await open(megabyte);
    assert.equal(again.foldedEpoch, epoch);
    assert.equal(last(again), String(epoch));
    await append(again, epoch + 1, "more");
    await again.close();
  });

  it("fails a fold that has no room, and the next start does it", async () => {
    directory = mount(8) ?? "";
    const store = await open(4 * megabyte);
    for (let epoch = 1; epoch <= 6; epoch++) await append(store, epoch, "x".repeat(500_000));
    fillUp();
    await assert.rejects(store.fold(6), { name: "StoreError", code: "WRITE_FAILED" });
    await store.close();
    execFileSync("mount", ["-o", "remount,size=64m", directory]);
    const again = await open(4 * megabyte);
    assert.equal(again.foldedEpoch, 6);
    assert.equal(last(again), "6");
    await again.close();
  });

  it("refuses to open with WRITE_FAILED, and loses nothing by that", async () => {
    directory = mount(8) ?? "";
    const store = await open(megabyte);
    for (let epoch = 1; epoch <= 6; epoch++) await append(store, epoch, "x".repeat(300_000));
    await store.close();
    fillUp();
    await assert.rejects(open(megabyte), { name: "StoreError", code: "WRITE_FAILED" });
    await assert.rejects(open(megabyte), { name: "StoreError", code: "WRITE_FAILED" });
    execFileSync("mount", ["-o", "remount,size=64m", directory]);
    const again = await open(megabyte);
    assert.equal(again.foldedEpoch, 6);
    assert.equal(last(again), "6");
    await again.close();
  });

  function fillUp(): void {
    let bytes = 4 * megabyte;
    for (let at = 0; bytes >= 4096; at++) {
      try {
        writeFileSync(join(directory, `filler-${at}`), Buffer.alloc(bytes));
      } catch {
        rmSync(join(directory, `filler-${at}`), { force: true });
        bytes /= 2;
      }
    }
  }
});
