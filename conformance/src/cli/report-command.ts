import { readFileSync } from "node:fs";
import { readClauses } from "../protocol/clauses.js";
import { htmlMatrix } from "../report/html-matrix.js";
import type { RunReport } from "../report/run-report.js";
import { write } from "./output-files.js";
import { UsageError } from "./usage-error.js";

/** Puts the reports that --json wrote side by side on one page. */
export function combineReports(paths: readonly string[], html: string): void {
  write("--html", html, htmlMatrix(paths.map(readReport), readClauses()));
}

/** @throws UsageError when it is no report of this format. */
function readReport(path: string): RunReport {
  let report: Partial<RunReport>;
  try {
    report = JSON.parse(readFileSync(path, "utf8")) as Partial<RunReport>;
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  if (report.format !== 1) throw new UsageError(`${path}: format ${report.format} is not 1`);
  return report as RunReport;
}
