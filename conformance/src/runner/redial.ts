import type { DialledStream, KitServer } from "../subject/kit-server.js";
import { CaseFailure } from "./case-failure.js";
import { patienceMs } from "./patience.js";

/** About 100 ms less a fifth, and what clocks differ. [CLOSE-5] */
const firstDelayMsMin = 70;

/** After attempts at 100, 200, ... ms: delays of less than this do not grow. */
const attempts = 6;
const grownDelayMsMin = 1000;

/** A delay that began afresh is far below it; one that went on growing is above the second. */
const freshDelayMsMax = 2500;
const unfreshDelayMsMin = 5000;

const errorDelayMsMin = 5000;
const delayMsMax = 36_000;

/** The two things that the kit does on a stream between attempts. */
export interface RedialSteps {
  /** Completes the handshake. */
  readonly shakeHands: (dialled: DialledStream) => Promise<void>;
  /** Breaks a clause, and resolves when the subject has said so. */
  readonly breakClause: (dialled: DialledStream) => Promise<void>;
}

/** How long the subject waits before it dials again, after each way in which a stream may end. [CLOSE-5] */
export async function expectRedials(kit: KitServer, steps: RedialSteps): Promise<void> {
  let dialled = await next(kit);
  const delays: number[] = [];
  for (let at = 0; at < attempts; at++) {
    const endedMs = performance.now();
    dialled.stream.cancel();
    dialled = await next(kit);
    delays.push(dialled.openedMs - endedMs);
  }
  checkGrowth(delays);
  await steps.shakeHands(dialled);
  const lostMs = performance.now();
  dialled.stream.cancel();
  dialled = await next(kit);
  const freshMs = dialled.openedMs - lostMs;
  if (freshMs > Math.min(patienceMs(freshDelayMsMax), unfreshDelayMsMin))
    throw differ("after a handshake", "about 100 ms", freshMs);
  await steps.shakeHands(dialled);
  await steps.breakClause(dialled);
  const brokenMs = performance.now();
  dialled.endAfterError();
  dialled = await next(kit);
  const errorMs = dialled.openedMs - brokenMs;
  if (errorMs < errorDelayMsMin - firstDelayMsMin)
    throw differ("after a protocol error", `at least ${errorDelayMsMin} ms`, errorMs);
}

function checkGrowth(delays: readonly number[]): void {
  const shown = delays.map((delayMs) => delayMs.toFixed(0)).join(", ");
  if (delays.some((delayMs) => delayMs < firstDelayMsMin))
    throw new CaseFailure(`delays: expected at least about 100 ms, received ${shown} ms`);
  if ((delays.at(-1) ?? 0) < grownDelayMsMin)
    throw new CaseFailure(`delays: expected them to grow, received ${shown} ms`);
}

function differ(when: string, expected: string, delayMs: number): CaseFailure {
  return new CaseFailure(`delay ${when}: expected ${expected}, received ${delayMs.toFixed(0)} ms`);
}

async function next(kit: KitServer): Promise<DialledStream> {
  const dialled = await kit.next(patienceMs(delayMsMax));
  if (dialled !== undefined) return dialled;
  throw new CaseFailure(`expected it to dial again within ${delayMsMax} ms`);
}
