import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type Coverage, emptyCoverage, type FaultKind, type Occurrence } from "./faults.js";
import type { SeedCase, SeedReport } from "./seed-report.js";
import type { SeedWorkerData } from "./seed-worker.js";

export interface RunSeedsOptions {
  readonly first: bigint;
  readonly count: number;
  /** What all of them leave out. */
  readonly like: Omit<SeedCase, "seed">;
  /** Name of a planted bug; null: none. */
  readonly plant: string | null;
  /** Ends the run at the first seed that fails. */
  readonly stopsAtFailure: boolean;
  /** Not given: one for each core. */
  readonly threads?: number;
  readonly onReport?: (report: SeedReport) => void;
}

/** A world is garbage when it has ended: the less often what lives is looked for, the better. */
const youngMb = 96;

/** What many seeds came to. */
export interface SeedsSummary {
  readonly seeds: number;
  readonly steps: number;
  readonly messages: number;
  readonly crashes: number;
  readonly coverage: Coverage;
  /** Seeds that failed, the lowest first. */
  readonly failures: readonly SeedReport[];
  readonly seconds: number;
}

/** Runs seeds that follow one another. */
export async function runSeeds(options: RunSeedsOptions): Promise<SeedsSummary> {
  const startedAt = performance.now();
  const reports: SeedReport[] = [];
  const threads = Math.min(options.count, options.threads ?? availableParallelism());
  const workers = Array.from({ length: threads }, (_, at) => startWorker(options, at, threads));
  const endAll = () => Promise.all(workers.map((worker) => worker.terminate()));
  const runs = workers.map(
    (worker) =>
      new Promise<void>((resolve, reject) => {
        worker.on("message", (report: SeedReport) => {
          reports.push(report);
          options.onReport?.(report);
          if (report.problem !== null && options.stopsAtFailure) void endAll();
        });
        worker.on("error", reject);
        worker.on("exit", () => resolve());
      }),
  );
  try {
    await Promise.all(runs);
  } finally {
    await endAll();
  }
  return summarize(reports, (performance.now() - startedAt) / 1000);
}

function startWorker(options: RunSeedsOptions, at: number, threads: number): Worker {
  const { first, count, like, plant } = options;
  const workerData: SeedWorkerData = {
    first: first + BigInt(at),
    count: Math.ceil((count - at) / threads),
    stride: threads,
    like,
    plant,
  };
  return new Worker(new URL("./seed-worker.js", import.meta.url), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: youngMb },
  });
}

function summarize(reports: readonly SeedReport[], seconds: number): SeedsSummary {
  const coverage = emptyCoverage();
  for (const report of reports) {
    for (const [name, count] of Object.entries(report.coverage)) {
      coverage[name as FaultKind | Occurrence] += count;
    }
  }
  const sum = (of: (report: SeedReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    seeds: reports.length,
    steps: sum(({ steps }) => steps),
    messages: sum(({ messages }) => messages),
    crashes: sum(({ crashes }) => crashes),
    coverage,
    failures: reports
      .filter(({ problem }) => problem !== null)
      .sort((a, b) => (a.seed < b.seed ? -1 : 1)),
    seconds,
  };
}
