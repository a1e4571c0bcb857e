import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkOutcome } from "../src/check.js";
import { type FraudServer, runFraudDetection, typeScriptServer } from "../src/fraud-run.js";
import { generateWorkload } from "../src/workload.js";

// Goal: the counter and the merchant in Go take the place of those in TypeScript, and every total is the
// same. Needs the Go compiler; without it this test says so, and fails in CI.

const goModule = fileURLToPath(new URL("../../go/", import.meta.url));
const size = { accounts: 30, merchants: 10, frauds: 40, payments: 150 };

describe("fraud detection with counter and merchant in Go", function () {
  this.timeout(180_000);
  let directory = "";

  before(function () {
    if (spawnSync("go", ["version"]).status === 0) return;
    assert.equal(process.env["CI"], undefined, "CI has no Go compiler");
    console.warn("      NOT RUN: there is no Go compiler on the PATH");
    this.skip();
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-fraud-go-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it("scores every payment as TypeScript alone does", async () => {
    const program = join(directory, "fraud-server");
    execFileSync("go", ["build", "-o", program, "."], { cwd: goModule });
    const goServer: FraudServer = {
      functions: ["fraud/counter", "fraud/merchant"],
      name: "go-server",
      program,
      arguments: [],
    };
    const workload = generateWorkload(11, size);
    const others = typeScriptServer("fraud/transaction", "fraud/model");
    const outcome = await runFraudDetection(workload, join(directory, "run"), {
      servers: [others, goServer],
    });
    for (const { name, compared, agreeing } of checkOutcome(workload, outcome)) {
      assert.equal(agreeing, compared, name);
    }
  });
});
