import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBacklogTrial } from "./backlog-trial.js";
import { runTimerTrial } from "./timer-trial.js";

// Goal: what waits is on disk, not in memory, and comes in order when it can. Method: short runs of
// `npm run torture` with --backlog and --timers, on a node that is allowed little memory.

// As little as it takes to meet every way out of memory with few messages.
const words = ["--backlog-bytes-max", "8 MiB", "--fold-journal-bytes", "8 MiB"];
/** A node that does nothing has half of it: what waits would take more than the rest. */
const memoryBytesMax = 200_000_000;

describe("a node with more than fits into its memory", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-pressure-"));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it("keeps what waits for a dead function server on disk, and works it off in order", async () => {
    const options = { directory, messages: 30_000, addresses: 15_000, textBytes: 3000, words };
    const { takingBytesMax, drainingBytesMax, ...report } = await runBacklogTrial(options);
    const { lost, doubled, disordered } = report;
    assert.deepEqual({ lost, doubled, disordered }, { lost: 0, doubled: 0, disordered: 0 });
    assert.ok(takingBytesMax < memoryBytesMax, `${takingBytesMax} bytes while they came`);
    assert.ok(drainingBytesMax < memoryBytesMax, `${drainingBytesMax} bytes while they went`);
  }).timeout(300_000);

  it("fires delayed messages that became due while it was dead", async () => {
    const options = { directory, timers: 3000, dueAfterMs: 20_000, words };
    const { settingBytesMax, firingBytesMax, ...report } = await runTimerTrial(options);
    const { lost, doubled } = report;
    assert.deepEqual({ lost, doubled }, { lost: 0, doubled: 0 });
    assert.ok(settingBytesMax < memoryBytesMax, `${settingBytesMax} bytes while they were set`);
    assert.ok(firingBytesMax < memoryBytesMax, `${firingBytesMax} bytes while they fired`);
  }).timeout(300_000);
});
