/** The pure part: how a score comes about. The functions and the check of their totals share it. */

/** A transaction with this score or more raises an alert. */
export const alertScore = 60;

/** Above so many known frauds of an account, more of them change nothing. */
const fraudsMax = 3;

/** What the model looks at. */
export interface Features {
  /** In dollars, 1 to 1,000. */
  readonly amount: number;
  /** Confirmed frauds of the account that are not forgotten yet. */
  readonly fraudCount: number;
  /** 0 (trusted) to 99. */
  readonly merchantRisk: number;
}

/** How likely a transaction is a fraud: 0 to 99. */
export function scoreOf({ amount, fraudCount, merchantRisk }: Features): number {
  const points = 40 * (amount / 1000) + 10 * Math.min(fraudCount, fraudsMax) + 0.3 * merchantRisk;
  return Math.min(99, Math.round(points));
}

/** How risky a merchant is: 0 to 99, always the same for one name. */
export function riskOf(merchant: string): number {
  let hash = 2166136261;
  for (const character of merchant) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  }
  return (hash >>> 0) % 100;
}
