import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Deployment } from "@statewire/example-processes/deployment.js";
import { type Comparison, compareTotals } from "./comparison.js";
import { demoFiles, formatModule } from "./demo-module.js";
import { expectedTotals } from "./expected-totals.js";
import { flightsPath, readFlights } from "./flight.js";
import { runUntilSettled } from "./flights-run.js";
import { type Observation, observe, observedTotals } from "./observation.js";
import { startProgress } from "./progress.js";

export interface FlightsDemoOptions {
  /** Emptied at the start; keeps the module, the data, the logs and the egress files. */
  readonly directory: string;
  /** Whether to kill processes in the middle. */
  readonly crash: boolean;
  /** Whether the runtime loses its machine in the middle, with its disk. */
  readonly loseMachine: boolean;
  /** Where checkpoints go; undefined: a folder beside the data. */
  readonly checkpointStore: string | undefined;
  /** Only the first so many of the file; undefined: all. */
  readonly flights: number | undefined;
}

/** What a run came to. */
export interface FlightsDemoOutcome {
  readonly observation: Observation;
  readonly comparisons: readonly Comparison[];
  readonly flights: number;
  /** From the start of the processes until nothing was left to do. */
  readonly durationMs: number;
}

/** Many times what an idle machine needs: a busy one is no reason to fail. */
const timeoutMs = 150_000;
const functionServerScript = fileURLToPath(new URL("function-server.js", import.meta.url));

/**
 * Sends the flights through the functions, and compares every total with the file.
 *
 * @throws Error when a process fails, or the flights are not done within 150 seconds.
 */
export async function runFlightsDemo(options: FlightsDemoOptions): Promise<FlightsDemoOutcome> {
  const flights = readFlights(flightsPath).slice(0, options.flights);
  const egressPaths = {
    alerts: join(options.directory, demoFiles.alerts),
    digests: join(options.directory, demoFiles.digests),
  };
  const before = Date.now();
  const deployment = await Deployment.start({
    directory: options.directory,
    functionServers: [{ arguments: [functionServerScript] }],
    runtimeWords: options.loseMachine ? checkpointWords(options) : [],
    module: (functionServerAddress) => {
      writeFileSync(join(options.directory, demoFiles.flights), JSON.stringify(flights));
      return formatModule(functionServerAddress);
    },
  });
  const progress = startProgress(flights.length);
  try {
    const { crash, loseMachine } = options;
    const run = { flights: flights.length, crash, loseMachine, progress, timeoutMs };
    await deployment.watch(runUntilSettled(deployment, run));
    const durationMs = Date.now() - before;
    const observation = await observe(deployment.admin, egressPaths);
    const comparisons = compareTotals(expectedTotals(flights), observedTotals(observation));
    return { observation, comparisons, flights: flights.length, durationMs };
  } finally {
    progress.stop();
    await deployment.stop();
  }
}

/** Often: what happened since the last checkpoint is read and done again. */
const checkpointInterval = "100 ms";

function checkpointWords({ directory, checkpointStore }: FlightsDemoOptions): readonly string[] {
  const store = checkpointStore ?? `file:${join(directory, "checkpoints")}`;
  return ["--checkpoint-store", store, "--checkpoint-interval-ms", checkpointInterval];
}
