import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Child } from "../src/child.js";

// Goal: an example leaves no process behind, however it ends. Real processes, real signals.

const childModule = new URL("../src/child.js", import.meta.url).href;

describe("a child process", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-child-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function script(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  }

  function start(text: string): Child {
    const path = script("child.mjs", text);
    const logPath = join(directory, "log");
    return new Child({ name: "the child", arguments: [path], directory, logPath });
  }

  it("gives the first line that matches, and keeps running", async () => {
    const child = start(`console.log("one"); console.log("port 17"); setInterval(() => {}, 1000);`);
    const port = await child.line((line) => /^port (\d+)$/.exec(line)?.[1]);
    assert.equal(port, "17");
    assert.equal(child.isRunning, true);
    assert.deepEqual(await child.kill("SIGKILL"), { code: null, signal: "SIGKILL" });
  });

  it("fails with the end of its log when it ends before the line", async () => {
    const child = start(`console.error("address in use"); process.exit(3);`);
    await assert.rejects(
      child.line((line) => line),
      /the child ended with exit code 3; the end of .*log:\naddress in use/,
    );
  });

  it("is killed after the grace time when it ignores SIGTERM", async () => {
    const child = start(
      `process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000);`,
    );
    await child.line((line) => line);
    assert.deepEqual(await child.stop(50), { code: null, signal: "SIGKILL" });
  });

  it("dies however its parent ends", async () => {
    const grandchild = script("grandchild.mjs", `console.log("up"); setInterval(() => {}, 1000);`);
    const options = { name: "the grandchild", arguments: [grandchild], directory };
    const endings = [
      "process.exit(0)",
      'throw new Error("on purpose")',
      'process.kill(process.pid, "SIGINT")',
      'process.kill(process.pid, "SIGTERM")',
      'process.kill(process.pid, "SIGKILL")',
    ];
    const parents = endings.map((ending, index) =>
      script(
        `parent-${index}.mjs`,
        `import { Child } from ${JSON.stringify(childModule)};
         const logPath = ${JSON.stringify(join(directory, `log-${index}`))};
         const child = new Child({ ...${JSON.stringify(options)}, logPath });
         await child.line((line) => line);
         console.log(child.pid);
         setImmediate(() => { ${ending}; });`,
      ),
    );
    await Promise.all(parents.map(async (parent) => untilGone(await runUntilEnd(parent))));
  });
});

/** Runs a script to its end and gives the number that it printed. */
async function runUntilEnd(path: string): Promise<number> {
  const parent = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(parent, "exit");
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  await exited;
  return Number(line);
}

/** The test's own timeout bounds the wait. */
async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
