import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readComposeFiles } from "../compose-file.js";
import { Fleet } from "./fleet.js";
import { Machine } from "./machine.js";
import { runScenario } from "./scenario.js";

// What `docker compose up` starts, as processes of this machine, with the same commands and the same
// environment, in the same order; then kills, and totals at the end.

const directory = mkdtempSync(join(tmpdir(), "statewire-smoke-"));
process.exitCode = await main();

async function main(): Promise<number> {
  let fleet: Fleet | undefined;
  try {
    const services = readComposeFiles(["compose.yaml"]);
    const machine = new Machine(services, directory);
    fleet = new Fleet(services, machine);
    await runScenario(fleet, machine);
    await fleet.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    return 0;
  } catch (error) {
    console.error(`smoke: ${error instanceof Error ? error.message : String(error)}`);
    console.error(`the logs of all services are in ${directory}`);
    await fleet?.stop().catch(() => undefined);
    return 1;
  }
}
