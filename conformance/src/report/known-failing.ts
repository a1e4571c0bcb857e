import type { CaseReport } from "./run-report.js";
import { pathOf } from "./run-report.js";

/** A list of known failures is not as it should be. */
export class KnownFailingError extends Error {}

/**
 * Known failures by case: lines of `suite/name # reason`. Empty lines and lines of a comment alone
 * are passed over.
 *
 * @throws KnownFailingError naming the line that has no reason.
 */
export function parseKnownFailing(text: string): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const mark = line.indexOf("#");
    const reason = mark === -1 ? "" : line.slice(mark + 1).trim();
    if (reason === "") throw new KnownFailingError(`line ${at + 1}: "${line}" has no "# reason"`);
    known.set(line.slice(0, mark).trim(), reason);
  }
  return known;
}

/** The report as the list makes it: a known failure, or an unexpected pass. */
export function applyKnownFailing(
  report: CaseReport,
  known: ReadonlyMap<string, string>,
): CaseReport {
  const reason = known.get(pathOf(report));
  if (reason === undefined) return report;
  if (report.outcome === "failed") {
    return { ...report, outcome: "known failure", reason: `${reason}\n${report.reason}` };
  }
  if (report.outcome !== "passed") return report;
  return { ...report, outcome: "unexpected pass", reason: `listed as failing: ${reason}` };
}
