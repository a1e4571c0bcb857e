import type { TraceEntry } from "../wire/trace.js";

/**
 * How a case ended. A known failure is one that the subject's list names; an unexpected pass is one
 * that the list names and that passed: the list has to be shortened, so it fails the run.
 */
export type Outcome = "passed" | "failed" | "known failure" | "unexpected pass" | "not applicable";

/** How one case ended, and what happened in it. */
export interface CaseReport {
  readonly suite: string;
  readonly name: string;
  readonly clauses: readonly string[];
  readonly level: "MUST" | "SHOULD" | "MAY";
  readonly outcome: Outcome;
  /** Why it failed, or which feature it wants; empty when it passed. */
  readonly reason: string;
  /** The step that failed, from 1; 0: none. */
  readonly step: number;
  readonly durationMs: number;
  /** In full for cases that did not pass. */
  readonly trace: readonly TraceEntry[];
}

/** One run of the kit against one subject: what --json writes, and what `report` reads. */
export interface RunReport {
  /** The version of this format. */
  readonly format: 1;
  readonly kitVersion: string;
  readonly protocolVersion: number;
  readonly subject: {
    readonly name: string;
    readonly role: "sdk" | "runtime";
    readonly features: readonly string[];
    /** The level up to which cases were run. */
    readonly level: "core" | "state" | "recovery";
  };
  /** ISO 8601. */
  readonly startedAt: string;
  readonly cases: readonly CaseReport[];
}

/** "suite/name", by which a case is selected and listed. */
export function pathOf(report: { readonly suite: string; readonly name: string }): string {
  return `${report.suite}/${report.name}`;
}

/** Whether a case lets the run fail. What is only a MAY never does. */
export function isBad({ outcome, level }: CaseReport): boolean {
  return level !== "MAY" && (outcome === "failed" || outcome === "unexpected pass");
}

/** How many cases ended how. */
export function countOutcomes(cases: readonly CaseReport[]): ReadonlyMap<Outcome, number> {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of cases) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts;
}
