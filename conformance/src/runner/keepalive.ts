import { setTimeout } from "node:timers/promises";
import type { End, PingRelay } from "../wire/ping-relay.js";
import { CaseFailure } from "./case-failure.js";
import { patienceMs } from "./patience.js";

/** What a handshake leaves behind has been answered by then. */
const settleMs = 1000;

/** [KEEP-1] */
const pingMs = 20_000;
const closeMs = 10_000;

/** By how much the timers of libraries may be late on a quiet machine. */
const lateMs = 3000;

/**
 * On a connection that has fallen silent the subject sends a PING, and ends the connection when no
 * answer comes. [KEEP-1] [KEEP-3]
 */
export async function expectKeepalive(relay: PingRelay, subject: End): Promise<void> {
  await setTimeout(settleMs);
  const silentMs = performance.now();
  relay.ignore(subject);
  if (!(await relay.pingedWithin(pingMs + patienceMs(lateMs), subject, silentMs)))
    throw new CaseFailure("expected a PING within 20000 ms of silence, received none");
  if (!(await relay.closedWithin(closeMs + patienceMs(lateMs))))
    throw new CaseFailure(
      "expected the end of the connection within 10000 ms of a PING without answer",
    );
}
