import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Restart } from "@statewire/example-processes/deployment.js";
import { checkOutcome } from "./check.js";
import { runFraudDetection } from "./fraud-run.js";
import { missingToolchains, preparePolyglotServers } from "./polyglot-servers.js";
import { printChecks } from "./print-checks.js";
import { generateWorkload } from "./workload.js";

// The fraud detection in three languages. Every process is killed once, by kill -9, and every total
// has to be exact.

const seed = 7;
const size = { accounts: 60, merchants: 20, frauds: 90, payments: 400 };

process.exitCode = await main();

async function main(): Promise<number> {
  const missing = missingToolchains();
  if (missing.length > 0) {
    console.error(`fraud-detection: not installed: ${missing.join(", ")}`);
    return 1;
  }
  const directory = mkdtempSync(join(tmpdir(), "statewire-fraud-polyglot-"));
  try {
    console.log("transactions in TypeScript, counter and merchant in Go, model in Python\n");
    const servers = preparePolyglotServers(directory);
    const workload = generateWorkload(seed, size);
    const runDirectory = join(directory, "run");
    const outcome = await runFraudDetection(workload, runDirectory, { servers, crashed: print });
    return printChecks(checkOutcome(workload, outcome));
  } catch (error) {
    console.error(`fraud-detection: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function print(name: string, { pidKilled, pidStarted, downMs }: Restart): void {
  console.log(
    `  kill -9 ${pidKilled}: ${name.padEnd(12)} back as ${pidStarted} after ${downMs} ms`,
  );
}
