import { readClauses } from "../protocol/clauses.js";
import { loadRuntimeSuites, loadSdkSuites } from "../suite/load-suites.js";

/** The cases, or with a clause id those that cite it, one per line on standard output. */
export function listCases(clause: string | undefined): void {
  const { text } = (clause === undefined ? undefined : readClauses().get(clause)) ?? {};
  if (text !== undefined) process.stdout.write(`[${clause}] ${text}\n\n`);
  for (const suite of [...loadSdkSuites(), ...loadRuntimeSuites()]) {
    for (const { name, clauses, level } of suite.cases) {
      if (clause !== undefined && !clauses.includes(clause)) continue;
      process.stdout.write(
        `${suite.subject}  ${level}  ${suite.suite}/${name}  ${clauses.join(" ")}\n`,
      );
    }
  }
}
