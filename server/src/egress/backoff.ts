import type { BackoffPolicy } from "../module/module.js";

/** The wait before attempt n + 1, after n failed ones, in milliseconds. */
export function backoffMs(policy: BackoffPolicy, failures: number, random: () => number): number {
  const grown = policy.initialBackoffMs * policy.factor ** (failures - 1);
  return Math.min(policy.maxBackoffMs, grown) * (1 - policy.jitter * random());
}
