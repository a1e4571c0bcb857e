import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Snapshot } from "@statewire/example-flights/board/snapshot.js";
import { Client } from "minio";
import type { Fleet } from "./fleet.js";
import type { Machine } from "./machine.js";

/** Whom to kill once this share of the flights has departed: the runtime, and a function server of each language. */
const crashes = [
  { share: 0.15, victim: "statewire" },
  { share: 0.35, victim: "routes" },
  { share: 0.5, victim: "hours" },
  { share: 0.65, victim: "airports" },
  { share: 0.8, victim: "statewire" },
  { share: 0.9, victim: "feed" },
] as const;

const pollIntervalMs = 100;
const timeoutMs = 180_000;
const healthTimeoutMs = 60_000;

/**
 * Starts everything, kills on the way, and compares at the end.
 *
 * @throws Error when the totals do not come to agree, or no checkpoint has come to the object store.
 */
export async function runScenario(fleet: Fleet, machine: Machine): Promise<void> {
  await fleet.start((name) => console.log(`started  ${name.padEnd(10)} on ${machine.host(name)}`));
  await fleet.container("board").untilHealthy(healthTimeoutMs);
  console.log(fleet.container("board").log().trim());
  const snapshot = await killOnTheWay(fleet, `http://${machine.host("board")}:8080/snapshot.json`);
  const { departed, total } = snapshot.flights;
  console.log(`${departed} of ${total} flights; all ${snapshot.totals.compared} totals agree`);
  console.log(await describeCheckpoints(machine.host("minio")));
  console.log(describeDigests(machine));
}

async function killOnTheWay(fleet: Fleet, url: string): Promise<Snapshot> {
  const pending = [...crashes];
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const snapshot = await readSnapshot(url);
    const share = snapshot === null ? 0 : snapshot.flights.departed / snapshot.flights.total;
    const next = pending[0];
    if (next !== undefined && share >= next.share) {
      pending.shift();
      const victim = fleet.container(next.victim);
      const { pid } = victim;
      await victim.crash();
      const departed = snapshot?.flights.departed ?? 0;
      console.log(
        `kill -9  ${next.victim.padEnd(10)} (${pid}) at ${departed} flights, started again`,
      );
      await victim.untilHealthy(healthTimeoutMs);
    } else if (next === undefined && snapshot !== null && isOver(snapshot)) {
      await fleet.container("feed").untilCompleted();
      return snapshot;
    }
    if (Date.now() > deadline) {
      throw new Error(`not over after ${timeoutMs} ms: ${JSON.stringify(snapshot)}`);
    }
    await wait(pollIntervalMs);
  }
}

/** What the page shows; null while the runtime does not answer. */
async function readSnapshot(url: string): Promise<Snapshot | null> {
  const response = await fetch(url);
  const { snapshot, trouble } = (await response.json()) as {
    snapshot: Snapshot | null;
    trouble: string;
  };
  return trouble === "" ? snapshot : null;
}

/** Every flight has departed and arrived, and every total is what it should be. */
function isOver({ flights, node, totals }: Snapshot): boolean {
  return (
    flights.departed === flights.total && node.messagesWaiting === 0 && totals.disagreeing === 0
  );
}

/** @throws Error when the object store holds no manifest. */
async function describeCheckpoints(host: string): Promise<string> {
  const client = new Client({
    ...{ endPoint: host, port: 9000, useSSL: false },
    accessKey: process.env["MINIO_ROOT_USER"] ?? "statewire",
    secretKey: process.env["MINIO_ROOT_PASSWORD"] ?? "only-for-this-machine",
  });
  let manifests = 0;
  let bytes = 0;
  for await (const { name, size } of client.listObjectsV2("statewire", "flights/", true)) {
    if ((name as string).includes("/manifests/")) manifests++;
    bytes += size as number;
  }
  if (manifests === 0) throw new Error("no checkpoint has come to the object store");
  return `${manifests} checkpoints in MinIO, ${(bytes / 1024).toFixed(0)} KiB`;
}

/** @throws Error when the file of digests, which waits for checkpoints, has a gap or a double. */
function describeDigests(machine: Machine): string {
  const lines = readFileSync(join(machine.directory, "statewire/digests.ndjson"), "utf8")
    .trimEnd()
    .split("\n");
  const numbers = lines.map((line) => (JSON.parse(line) as { sequence: number }).sequence);
  const wrong = numbers.findIndex((sequence, at) => sequence !== at + 1);
  if (wrong >= 0) throw new Error(`line ${wrong + 1} of the digests is record ${numbers[wrong]}`);
  return `${lines.length} digests in the egress file, each once`;
}
