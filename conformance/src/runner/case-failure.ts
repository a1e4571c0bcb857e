/** The subject did something else than the case expects. */
export class CaseFailure extends Error {
  /** Position of the step, from 0. */
  step = 0;
}
