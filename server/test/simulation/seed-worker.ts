import { parentPort, workerData } from "node:worker_threads";
import { plantedBug } from "./planted-bugs.js";
import { reportOf, runCase, type SeedCase } from "./seed-report.js";

/** Which seeds a thread runs: each so-manyth from the first. */
export interface SeedWorkerData {
  readonly first: bigint;
  readonly count: number;
  readonly stride: number;
  readonly like: Omit<SeedCase, "seed">;
  /** Name of a planted bug; null: none. */
  readonly plant: string | null;
}

const { first, count, stride, like, plant } = workerData as SeedWorkerData;
for (let at = 0; at < count; at++) {
  const seed = BigInt.asUintN(64, first + BigInt(at * stride));
  // A plant may remember: each world has its own.
  const seams = plant === null ? undefined : plantedBug(plant).seams();
  parentPort?.postMessage(reportOf(await runCase({ ...like, seed }, seams)));
}
