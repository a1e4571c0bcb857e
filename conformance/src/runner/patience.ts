import { availableParallelism, loadavg } from "node:os";

/** A machine that is busier than this has other troubles than a conformance run. */
const stretchMax = 10;

/**
 * A time that a case is ready to wait for what has to come, in milliseconds: the case's own on a
 * quiet machine, more on one with more to do than processors. A wait that is too short would call a
 * correct subject broken; one that is too long costs nothing unless the subject is broken.
 */
export function patienceMs(ownMs: number): number {
  const [load = 0] = loadavg();
  return ownMs * Math.min(stretchMax, 1 + load / availableParallelism());
}
