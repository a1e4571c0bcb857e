import type { HttpTransportSpec } from "../../module/module.js";
import type { ExchangeFailure } from "./http-exchange.js";

/** Below 500, what OkHttp's client tries again. */
const passingStatuses: ReadonlySet<number> = new Set([408, 409, 420, 429, 499]);

/** A server that is back is found again within this time, in milliseconds. StateFun doubles without a limit. */
const waitMsMax = 2_000;

/** Whether a failure is tried again within the time of the invocation. */
export function isTriedAgain(
  kind: HttpTransportSpec["kind"],
  { isNetwork, status }: ExchangeFailure,
): boolean {
  if (kind === "async" || isNetwork) return true;
  return status >= 500 || passingStatuses.has(status);
}

/** The wait after so many failed attempts, from 1, in milliseconds. */
export function waitMsAfter(kind: HttpTransportSpec["kind"], attempts: number): number {
  const doubled = kind === "async" ? 2 * 2 ** attempts : 10 * 2 ** (attempts - 1);
  return Math.min(waitMsMax, doubled);
}
