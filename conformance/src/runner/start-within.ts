import { SubjectError } from "../subject/subject-process.js";
import type { StartAs, Told } from "../subject/told.js";
import { CaseFailure } from "./case-failure.js";
import { patienceMs } from "./patience.js";
import { CaseError } from "./values.js";

/** Until it accepts connections, in milliseconds. */
const startMs = 15_000;

/** Starts the subject for a case. @throws CaseFailure when nobody can connect to it in time. */
export async function startWithin<Subject>(
  start: StartAs<Subject> | undefined,
  told: Told,
): Promise<Subject> {
  if (start === undefined) throw new CaseError("this run has no startAs");
  try {
    const started: Promise<Subject> = start({ startMs: patienceMs(startMs), ...told });
    return await started;
  } catch (error) {
    if (!(error instanceof SubjectError)) throw error;
    throw new CaseFailure(`told ${Object.keys(told.environment).join(", ")}: ${error.message}`);
  }
}
