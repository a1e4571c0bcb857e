import { faultKinds } from "./faults.js";
import { runCase, type SeedCase } from "./seed-report.js";
import type { SimulationOptions } from "./simulation.js";

/** Loads to try, in per cent. */
const smallerLoads = [10, 25, 50];

/**
 * The smallest case like this one that fails too: kinds of faults left out one after the other, then
 * fewer messages. What is left is needed to see the failure, or one like it.
 */
export async function shrink(
  failing: SeedCase,
  seams: () => SimulationOptions["seams"],
): Promise<SeedCase> {
  let smallest = failing;
  const fails = async (candidate: SeedCase) => (await runCase(candidate, seams())).problem !== null;
  for (const kind of faultKinds) {
    if (smallest.without.includes(kind)) continue;
    const candidate = { ...smallest, without: [...smallest.without, kind] };
    if (await fails(candidate)) smallest = candidate;
  }
  for (const loadPercent of smallerLoads) {
    if (loadPercent >= smallest.loadPercent) break;
    const candidate = { ...smallest, loadPercent };
    if (await fails(candidate)) return candidate;
  }
  return smallest;
}
