import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CounterServerCommands } from "../functions/counter-server.js";
import type { StreamLoadCommands } from "../load/stream-load.js";
import { type Child, openChild } from "../process/child.js";
import { findFreePort } from "../process/free-port.js";
import type { Bench } from "../subject.js";
import { type RuntimeProcess, startRuntime } from "./runtime-process.js";

/** A runtime, a function server and a load process, on a data directory of their own. */
export interface Deployment {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly dataDirectory: string;
  readonly functions: Child<CounterServerCommands>;
  readonly load: Child<StreamLoadCommands>;
  /** The runtime that runs now. */
  runtime(): RuntimeProcess;
  /** Starts the runtime again, after its end, on the same data. */
  start(): Promise<RuntimeProcess>;
  close(): Promise<void>;
}

/** Starts everything that a workload needs, and waits until the runtime is ready. */
export async function openDeployment(
  bench: Bench,
  name: string,
  protocol: "grpc" | "http" = "grpc",
): Promise<Deployment> {
  const directory = join(bench.scratchDirectory, name);
  await mkdir(directory, { recursive: true });
  const [functionsPort, grpcPort, httpPort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const functions = await openChild<CounterServerCommands>(
    new URL("../functions/counter-server.js", import.meta.url),
    { nodeArguments: profileArguments(bench, `${name}-functions`) },
  );
  await functions.call(protocol === "grpc" ? "listen" : "listenHttp", functionsPort);
  const load = await openChild<StreamLoadCommands>(
    new URL("../load/stream-load.js", import.meta.url),
  );
  const moduleFile = join(directory, "module.yaml");
  await writeFile(moduleFile, renderModule(functionsPort, protocol));
  const dataDirectory = join(directory, "data");
  let starts = 0;
  const start = (): Promise<RuntimeProcess> => {
    starts += 1;
    return startRuntime({
      moduleFile,
      dataDirectory,
      grpcPort,
      httpPort,
      logFile: join(directory, "runtime.log"),
      profileDirectory:
        bench.profileDirectory === null
          ? null
          : join(bench.profileDirectory, `${name}-runtime-${starts}`),
    });
  };
  let runtime = await start();
  return {
    grpcPort,
    httpPort,
    dataDirectory,
    functions,
    load,
    runtime: () => runtime,
    async start() {
      runtime = await start();
      return runtime;
    },
    async close() {
      await load.close();
      await runtime.stop();
      await functions.close();
    },
  };
}

function renderModule(port: number, protocol: "grpc" | "http"): string {
  if (protocol === "http") {
    return [
      "kind: io.statefun.endpoints.v2/http",
      "spec:",
      "  functions: bench/*",
      `  urlPathTemplate: http://127.0.0.1:${port}/statefun`,
      "  transport: {pool_size: 256}",
      "",
    ].join("\n");
  }
  return [
    "kind: statewire.endpoints.v1/grpc",
    "spec:",
    "  functions: [bench/counter, bench/hop, bench/fan]",
    `  address: 127.0.0.1:${port}`,
    "",
  ].join("\n");
}

function profileArguments(bench: Bench, name: string): readonly string[] {
  if (bench.profileDirectory === null) return [];
  return ["--cpu-prof", `--cpu-prof-dir=${join(bench.profileDirectory, name)}`];
}
