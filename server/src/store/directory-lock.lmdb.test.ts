import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDirectory } from "./directory-lock.js";

// Goal: one process at a time holds a data directory, and a process that was killed holds nothing.
// Method: real processes, killed with -9 and stopped with SIGSTOP.

const moduleUrl = new URL("./directory-lock.js", import.meta.url).href;

/** A process that takes the lock and says so, or says why not. */
function holder(directory: string) {
  const script = `
    const { lockDirectory } = await import(${JSON.stringify(moduleUrl)});
    try {
      await lockDirectory(${JSON.stringify(directory)});
      console.log("locked");
      setInterval(() => undefined, 1000);
    } catch (error) {
      console.log(error.code);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = new Promise<string>((resolve) => {
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    said,
    pid: child.pid,
    signal: (name: NodeJS.Signals) => child.kill(name),
    kill: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

describe("lockDirectory", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-lock-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const inUse = { name: "StoreError", code: "DIRECTORY_IN_USE" };

  it("refuses a second taker, until the first lets go", async () => {
    const first = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), inUse);
    await first.release();
    const second = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), inUse);
    await second.release();
    assert.deepEqual(readdirSync(directory), [], "nothing is left behind");
  });

  it("gives the lock to exactly one of many that take it at once", async () => {
    for (let round = 0; round < 5; round++) {
      const takers = await Promise.allSettled(
        Array.from({ length: 8 }, () => lockDirectory(directory)),
      );
      const held = takers.flatMap((taker) => (taker.status === "fulfilled" ? taker.value : []));
      assert.equal(held.length, 1);
      for (const lock of held) await lock.release();
    }
    assert.deepEqual(readdirSync(directory), []);
  });

  it("gives a stale lock to exactly one of many that take it at once", async () => {
    const dead = holder(directory);
    assert.equal(await dead.said, "locked");
    await dead.kill();
    const takers = await Promise.allSettled(
      Array.from({ length: 8 }, () => lockDirectory(directory)),
    );
    const held = takers.flatMap((taker) => (taker.status === "fulfilled" ? taker.value : []));
    assert.equal(held.length, 1);
    for (const lock of held) await lock.release();
    assert.deepEqual(readdirSync(directory), []);
  });

  it("is held by another process, also while that one is stopped", async () => {
    const other = holder(directory);
    try {
      assert.equal(await other.said, "locked");
      await assert.rejects(lockDirectory(directory), {
        ...inUse,
        message:
          `data directory ${directory} is in use by process ${other.pid}: ` +
          "stop that node, or give this one a directory of its own (dataDir, --data-dir)",
      });
      other.signal("SIGSTOP");
      await assert.rejects(lockDirectory(directory), { ...inUse, message: /by another process: / });
    } finally {
      await other.kill();
    }
    const lock = await lockDirectory(directory);
    await lock.release();
  });

  it("is refused to another process while this one holds it", async () => {
    const lock = await lockDirectory(directory);
    const other = holder(directory);
    assert.equal(await other.said, "DIRECTORY_IN_USE");
    await other.kill();
    await lock.release();
  });

  it("works in a directory whose path is longer than a socket's may be", async () => {
    const deep = join(directory, "d".repeat(100), "e".repeat(100));
    mkdirSync(deep, { recursive: true });
    const lock = await lockDirectory(deep);
    await assert.rejects(lockDirectory(deep), inUse);
    const other = holder(deep);
    assert.equal(await other.said, "DIRECTORY_IN_USE");
    await other.kill();
    await lock.release();
    const again = await lockDirectory(deep);
    await again.release();
  });

  it("takes no strange words of a socket for a process id", async () => {
    for (const words of ["", "0\n", "-1\n", "1e5\n", "12", "1".repeat(1000), "12\n12\n"]) {
      const stranger = createServer((socket) => socket.on("error", () => undefined).end(words));
      await new Promise<void>((resolve) => {
        stranger.listen(join(directory, "lock.sock"), () => resolve());
      });
      await assert.rejects(lockDirectory(directory), { ...inUse, message: /by another process: / });
      await new Promise<void>((resolve) => stranger.close(() => resolve()));
    }
  });

  it("says what went wrong when the directory cannot hold a lock", async () => {
    await assert.rejects(lockDirectory(join(directory, "missing")), (error: Error) => {
      assert.match(String(error), /missing/);
      return true;
    });
  });
});
