import { readClauses } from "../protocol/clauses.js";
import { loadSuites } from "../suite/load-suites.js";

/** The cases, or with a clause id those that cite it, one per line on standard output. */
export function listCases(clause: string | undefined): void {
  const { text } = (clause === undefined ? undefined : readClauses().get(clause)) ?? {};
  if (text !== undefined) process.stdout.write(`[${clause}] ${text}\n\n`);
  for (const role of ["sdk", "runtime"] as const) {
    for (const suite of loadSuites(role)) {
      for (const { name, clauses, level } of suite.cases) {
        if (clause !== undefined && !clauses.includes(clause)) continue;
        process.stdout.write(`${role}  ${level}  ${suite.suite}/${name}  ${clauses.join(" ")}\n`);
      }
    }
  }
}
