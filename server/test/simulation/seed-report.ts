import type { Coverage, FaultKind } from "./faults.js";
import { faultKinds } from "./faults.js";
import { noPlants } from "./seams.js";
import { type Outcome, type SimulationOptions, simulate } from "./simulation.js";

/** A seed, and what is left out of the world that it makes. */
export interface SeedCase {
  readonly seed: bigint;
  readonly without: readonly FaultKind[];
  readonly loadPercent: number;
}

/** What one seed came to, as it travels between threads. */
export interface SeedReport {
  readonly seed: bigint;
  /** What should not have been; null: nothing. */
  readonly problem: string | null;
  readonly steps: number;
  readonly messages: number;
  readonly crashes: number;
  readonly coverage: Coverage;
  /** Of the event log. */
  readonly hash: string;
}

export function wholeCase(seed: bigint): SeedCase {
  return { seed, without: [], loadPercent: 100 };
}

export function runCase(
  { seed, without, loadPercent }: SeedCase,
  seams: SimulationOptions["seams"] = noPlants,
): Promise<Outcome> {
  return simulate({ seed, without: new Set(without), loadPercent, seams });
}

export function reportOf({ log, problem, ...outcome }: Outcome): SeedReport {
  return { ...outcome, problem: problem === null ? null : String(problem), hash: log.hash() };
}

/** The command that shows the case again. `plant`: the name of a planted bug. */
export function replayCommand(
  { seed, without, loadPercent }: SeedCase,
  plant: string | null = null,
): string {
  const words = [`npm run simulate -- --seed ${seed}`];
  if (without.length > 0) words.push(`--without "${without.join(",")}"`);
  if (loadPercent !== 100) words.push(`--load ${loadPercent}`);
  if (plant !== null) words.push(`--plant "${plant}"`);
  return words.join(" ");
}

/** Undefined: no such kind. */
export function faultKindOf(name: string): FaultKind | undefined {
  return faultKinds.find((kind) => kind === name);
}
