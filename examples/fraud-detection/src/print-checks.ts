import type { Check } from "./check.js";

/** Prints what was compared. The exit code says whether every number agrees. */
export function printChecks(checks: readonly Check[]): number {
  console.log("\nCompared with what the payments should give");
  for (const { name, compared, agreeing } of checks) {
    console.log(`  ${name.padEnd(24)}${String(agreeing).padStart(4)} of ${compared} agree`);
  }
  return checks.every(({ compared, agreeing }) => agreeing === compared) ? 0 : 1;
}
