import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

// Goal: the demo as a user runs it, with a runtime and a function server: every total agrees, also
// when both were killed on the way; and a run that cannot work says so by its exit code.

const demo = fileURLToPath(new URL("../src/demo.js", import.meta.url));

describe("the demo", function () {
  this.timeout(90_000);
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-demo-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  async function run(...args: string[]) {
    const child = spawn(process.execPath, [demo, "--directory", directory, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    return { code, stdout, stderr };
  }

  it("comes to the totals of the file", async () => {
    const { code, stdout, stderr } = await run("--flights", "4000");
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stdout.match(/all agree/g)?.length, 5, stdout);
  });

  it("comes to the totals of the file when both processes are killed on the way", async () => {
    const { code, stdout, stderr } = await run("--crash", "--flights", "8000");
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stdout.match(/all agree/g)?.length, 5, stdout);
    assert.equal(stderr.match(/kill -9 of the runtime/g)?.length, 2, stderr);
    assert.equal(stderr.match(/kill -9 of the function server/g)?.length, 1, stderr);
  });

  it("fails on an argument that it does not know", async () => {
    const { code, stdout, stderr } = await run("--flight", "4000");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /--flight/);
  });
});
