/** The delays that PROTOCOL.md asks for between attempts to dial. [CLOSE-5] */
export const backoffLimits = {
  delayMinMs: 100,
  delayMaxMs: 30_000,
  /** After a protocol error: the same peer would say the same again. */
  delayAfterProtocolErrorMinMs: 5000,
  /** Delays vary by a fifth, so that peers that failed together do not come back together. */
  jitter: 0.2,
} as const;

/**
 * How long to wait before attempt number `attempt` (from 0) after a failure. `random` is between 0
 * and 1.
 */
export function backoffDelayMs(
  attempt: number,
  random: number,
  afterProtocolError: boolean,
): number {
  const { delayMinMs, delayMaxMs, delayAfterProtocolErrorMinMs, jitter } = backoffLimits;
  const growing = Math.min(delayMaxMs, delayMinMs * 2 ** Math.min(attempt, 20));
  const delayMs = afterProtocolError ? Math.max(delayAfterProtocolErrorMinMs, growing) : growing;
  const varied = delayMs * (1 - jitter + 2 * jitter * random);
  return Math.round(afterProtocolError ? Math.max(delayAfterProtocolErrorMinMs, varied) : varied);
}
