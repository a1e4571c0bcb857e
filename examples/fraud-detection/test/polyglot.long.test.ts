import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOutcome } from "../src/check.js";
import { runFraudDetection } from "../src/fraud-run.js";
import { missingToolchains, preparePolyglotServers } from "../src/polyglot-servers.js";
import { generateWorkload } from "../src/workload.js";

// Goal: one application in TypeScript, Go and Python loses each of its processes once, and nothing
// else. Needs Go and Python; without them this test says so, and fails in CI.

const size = { accounts: 30, merchants: 10, frauds: 40, payments: 160 };

describe("fraud detection in three languages", function () {
  // The first time on a machine, the builds fetch what they need.
  this.timeout(600_000);
  let directory = "";

  before(function () {
    const missing = missingToolchains();
    if (missing.length === 0) return;
    assert.equal(process.env["CI"], undefined, `CI lacks ${missing.join(", ")}`);
    console.warn(`      NOT RUN: not installed: ${missing.join(", ")}`);
    this.skip();
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-fraud-polyglot-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it("scores every payment and raises every alert once, through kill -9 of each process", async () => {
    const servers = preparePolyglotServers(directory);
    const workload = generateWorkload(13, size);
    const killed: string[] = [];
    const outcome = await runFraudDetection(workload, join(directory, "run"), {
      servers,
      crashed: (name) => killed.push(name),
    });
    assert.deepEqual(killed, ["TypeScript", "Go", "Python", "the runtime"]);
    for (const { name, compared, agreeing } of checkOutcome(workload, outcome)) {
      assert.equal(agreeing, compared, name);
    }
  });
});
