import type { CaseReport } from "../report/run-report.js";

/** Nothing is skipped because a subject forgot to announce it, or announced what it should not. */
export function compareFeatures(
  declared: ReadonlySet<string>,
  announced: ReadonlySet<string>,
): CaseReport {
  const missing = [...declared].filter((feature) => !announced.has(feature));
  const surplus = [...announced].filter((feature) => !declared.has(feature));
  const parts = [
    ...missing.map((feature) => `declared, but not announced: ${feature}`),
    ...surplus.map((feature) => `announced, but not declared: ${feature}`),
  ];
  return {
    suite: "features",
    name: "are those that were declared",
    clauses: ["HELLO-4"],
    level: "MUST",
    outcome: parts.length === 0 ? "passed" : "failed",
    reason: parts.join("; "),
    step: 0,
    durationMs: 0,
    trace: [],
  };
}
