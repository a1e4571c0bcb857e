const delayMinMs = 100;
const delayMaxMs = 60_000;

/** How long a failed address waits before attempt number `attempt` (from 1) in a test. */
export function retryDelayMs(attempt: number): number {
  return Math.min(delayMaxMs, delayMinMs * 2 ** Math.min(attempt - 1, 20));
}
