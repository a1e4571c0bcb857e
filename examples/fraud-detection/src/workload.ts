import type { Payment } from "./messages.js";
import { alertScore, riskOf, scoreOf } from "./model.js";

/** What happens in one run, the same for the same seed. */
export interface Workload {
  /** Accounts, one for each confirmed fraud. */
  readonly frauds: readonly string[];
  readonly payments: readonly Payment[];
}

export interface WorkloadSize {
  readonly accounts: number;
  readonly merchants: number;
  readonly frauds: number;
  readonly payments: number;
}

/** Makes up frauds and payments. Half of the frauds hit a fifth of the accounts. */
export function generateWorkload(seed: number, size: WorkloadSize): Workload {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const hit = Math.ceil(size.accounts / 5);
  return {
    frauds: times(size.frauds, () => `account-${below(random() < 0.5 ? hit : size.accounts)}`),
    payments: times(size.payments, () => ({
      account: `account-${below(size.accounts)}`,
      merchant: `merchant-${below(size.merchants)}`,
      amount: 1 + below(1000),
    })),
  };
}

/** The scores that the payments should get, in order, with these frauds known. */
export function expectedScores(
  payments: readonly Payment[],
  frauds: readonly string[],
): readonly number[] {
  return payments.map(({ account, merchant, amount }) =>
    scoreOf({
      amount,
      fraudCount: frauds.filter((fraud) => fraud === account).length,
      merchantRisk: riskOf(merchant),
    }),
  );
}

export function isAlert(score: number): boolean {
  return score >= alertScore;
}

function times<T>(count: number, make: () => T): readonly T[] {
  return Array.from({ length: count }, make);
}

/** Mulberry32: small, and the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
