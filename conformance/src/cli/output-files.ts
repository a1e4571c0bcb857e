import { writeFileSync } from "node:fs";
import type { Clause } from "../protocol/clauses.js";
import { badge } from "../report/badge.js";
import { htmlMatrix } from "../report/html-matrix.js";
import { junitReport } from "../report/junit-report.js";
import type { RunReport } from "../report/run-report.js";
import { UsageError } from "./usage-error.js";

/** Where reports go, by flag. */
export interface OutputFiles {
  readonly json?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly badge?: string;
}

/** Writes what was asked for; "-" is standard output. @throws UsageError when a file cannot be written. */
export function writeReports(
  run: RunReport,
  files: OutputFiles,
  clauses: ReadonlyMap<string, Clause>,
): void {
  if (files.json !== undefined) write("--json", files.json, `${JSON.stringify(run, null, 1)}\n`);
  if (files.junit !== undefined) write("--junit", files.junit, junitReport(run));
  if (files.html !== undefined) write("--html", files.html, htmlMatrix([run], clauses));
  if (files.badge !== undefined) write("--badge", files.badge, badge(run));
}

/** @throws UsageError when the file cannot be written. */
export function write(flag: string, path: string, text: string): void {
  try {
    if (path === "-") process.stdout.write(text);
    else writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`${flag} ${path}: ${(error as Error).message}`);
  }
}
