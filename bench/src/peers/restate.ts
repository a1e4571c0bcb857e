import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { type Child, endWithParent, openChild } from "../process/child.js";
import { findFreePort } from "../process/free-port.js";
import type { Bench } from "../subject.js";
import { findRestate } from "./restate-installation.js";
import type { RestateServiceCommands } from "./restate-service.js";

/** A Restate server with the counters of the workload. */
export interface Restate {
  readonly ingressPort: number;
  readonly service: Child<RestateServiceCommands>;
  readonly pid: number;
  close(): Promise<void>;
}

/** As many as give it the best figures on two cores; its default is 24. */
const partitions = 4;
const readyTimeoutMs = 60_000;
const pollMs = 100;

/**
 * Starts a Restate server on a data directory of its own and registers the counters.
 *
 * @throws SkippedSubject when Restate is not installed.
 */
export async function openRestate(bench: Bench): Promise<Restate> {
  const { serverPath, sdkPath } = findRestate();
  const directory = join(bench.scratchDirectory, "restate");
  await mkdir(directory, { recursive: true });
  const [servicePort, ingressPort, adminPort, nodePort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const service = await openChild<RestateServiceCommands>(
    new URL("./restate-service.js", import.meta.url),
  );
  await service.call("listen", { sdkPath, port: servicePort });
  const log = openSync(join(directory, "restate.log"), "a");
  const server = spawn(serverPath, ["--no-logo"], {
    cwd: directory,
    stdio: ["ignore", log, log],
    env: {
      ...process.env,
      RESTATE_BASE_DIR: join(directory, "data"),
      RESTATE_BIND_ADDRESS: `127.0.0.1:${nodePort}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingressPort}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${adminPort}`,
      RESTATE_DEFAULT_NUM_PARTITIONS: String(partitions),
      RESTATE_DISABLE_TELEMETRY: "true",
      RESTATE_LISTEN_MODE: "tcp",
      DO_NOT_TRACK: "1",
    },
  });
  endWithParent(server);
  await register(server, adminPort, `http://127.0.0.1:${servicePort}`);
  return {
    ingressPort,
    service,
    pid: server.pid ?? 0,
    async close() {
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
      await service.close();
    },
  };
}

/** Tells the server where the service is, as soon as it listens. */
async function register(server: ChildProcess, adminPort: number, uri: string): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    const status = await postDeployment(adminPort, uri);
    if (status !== undefined && status < 300) return;
    if (server.exitCode !== null || performance.now() - startMs > readyTimeoutMs) {
      server.kill("SIGKILL");
      throw new Error(`Restate did not take the service: status ${status ?? "none"}`);
    }
    await setTimeout(pollMs);
  }
}

async function postDeployment(adminPort: number, uri: string): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${adminPort}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri }),
    });
    return response.status;
  } catch {
    // It does not listen yet.
    return undefined;
  }
}
