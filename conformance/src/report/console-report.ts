import colors from "picocolors";
import type { Clause } from "../protocol/clauses.js";
import { formatTrace } from "./format-trace.js";
import { type CaseReport, countOutcomes, isBad, type RunReport } from "./run-report.js";

/** Entries of a trace that the console shows: the end of it, where the failure is. */
const traceLines = 20;

/** One case on one line. */
export function formatCase(report: CaseReport): string {
  const time = `${report.durationMs.toFixed(0)} ms`;
  const name = `${report.suite}/${report.name}`;
  switch (report.outcome) {
    case "passed":
      return `${colors.green("passed")}  ${name} ${colors.dim(time)}`;
    case "not applicable":
      return `${colors.dim("n/a")}     ${name} ${colors.dim(report.reason)}`;
    case "known failure":
      return `${colors.yellow("known")}   ${name}`;
    case "unexpected pass":
      return `${colors.red("passed")}  ${name}: ${report.reason}`;
    case "failed":
      return isBad(report)
        ? `${colors.red("failed")}  ${name} ${colors.dim(time)}`
        : `${colors.yellow("failed")}  ${name} (${report.level})`;
  }
}

/** Why a case failed: the clauses' text, what was expected, and what went over the wire. */
export function explainCase(report: CaseReport, clauses: ReadonlyMap<string, Clause>): string {
  const cited = report.clauses.map((id) => `  [${id}] ${clauses.get(id)?.text ?? ""}`);
  const trace = formatTrace(report.trace).slice(-traceLines);
  return [
    colors.bold(`${report.suite}/${report.name}`),
    ...cited,
    "",
    `  step ${report.step}: ${colors.red(report.reason)}`,
    "",
    ...trace.map((line) => `  ${colors.dim(line)}`),
  ].join("\n");
}

/** The last lines of a run. */
export function formatSummary(run: RunReport): string {
  const counts = countOutcomes(run.cases);
  const parts = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
  const { name, role, level, features } = run.subject;
  const offered = features.length === 0 ? "no features" : features.join(", ");
  return `${name} (${role}, level ${level}; ${offered}): ${parts.join(", ")}`;
}
