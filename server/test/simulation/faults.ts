import type { Random } from "../support/random.js";

/** What the simulation does to the system on purpose, by chance. */
export const faultKinds = [
  // The node.
  "kill the node",
  "cut the power",
  "cut the power in a recovery",
  "stop and start the node",
  "crash once something has left",
  // The disk.
  "slow write",
  "failing write",
  "slow fold",
  "failing fold",
  // Time.
  "clock jumps ahead",
  "clock jumps back",
  "wake-up too early",
  "wake-up too late",
  // Function servers and their streams.
  "function server dies",
  "stream is cut",
  "frames of a lost stream",
  "slow server",
  "function hangs",
  "function fails",
  "function gives up",
  "input fails in the middle of a batch",
  "server is overloaded",
  "late result",
  "result twice",
  "result of nothing",
  "result that is refused",
  "protocol violation",
  "server drains",
  "window changes",
  "lease forgotten",
  // Ingresses and egresses.
  "request again",
  "connection lost",
  "slow sink",
  "failing sink",
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** What must have happened somewhere in many seeds, or they would show little. */
export const occurrences = [
  "write torn by a crash",
  "name lost in a crash",
  "crash within a commit",
  "crash within a fold",
  "crash within a switch of segments",
  "crash within a write of a sink",
  "records cut back at a restart",
  "record delivered again",
  "record held until a checkpoint",
  "position taken up after a restart",
  "sequence without a message",
  "duplicate acknowledged",
  "reply from memory",
  "call that fails",
  "address retried by an operator",
  "message dropped by an operator",
  "dead letter",
  "message to an unknown type",
  "timer overdue after a restart",
  "timer cancelled in time",
  "timer fired before its cancellation",
  "value expired",
  "lease named",
  "state asked for",
  "mailbox spilled",
  "outbox spilled",
  "timers spilled",
  "ingress slowed",
  "record larger than a segment",
  "segment switched",
  "segment used again",
  "fold in slices",
  "expired rows removed",
  "batch of several inputs",
  "invocation timed out",
  "result out of order",
  "result credit used up",
] as const;

export type Occurrence = (typeof occurrences)[number];

/** How often everything happened. */
export type Coverage = Record<FaultKind | Occurrence, number>;

export function emptyCoverage(): Coverage {
  const names = [...faultKinds, ...occurrences];
  return Object.fromEntries(names.map((name) => [name, 0])) as Coverage;
}

/** A seed has some faults often, some seldom and some never: a mixture of its own. */
const rates: readonly (readonly [number, number])[] = [
  [2, 0],
  [2, 0.3],
  [3, 1],
  [2, 3],
];

/** Decides when something goes wrong, and counts it. */
export class Faults {
  readonly coverage = emptyCoverage();
  readonly #random: Random;
  readonly #rates: ReadonlyMap<FaultKind, number>;
  #isCalm = false;

  constructor(random: Random, without: ReadonlySet<FaultKind>) {
    this.#random = random;
    const rateOf = (kind: FaultKind) => {
      const rate = random.weighted(rates);
      return without.has(kind) ? 0 : rate;
    };
    this.#rates = new Map(faultKinds.map((kind) => [kind, rateOf(kind)]));
  }

  /** Whether the fault happens now: about one time in so many, more or less by the seed. */
  happens(kind: FaultKind, oneIn: number): boolean {
    const rate = this.#rates.get(kind) ?? 0;
    const chance = Math.max(1, Math.round(oneIn / (rate === 0 ? 1 : rate)));
    // The number is drawn in any case: a kind that is left out changes nothing else.
    const isDrawn = this.#random.oneIn(chance);
    if (!isDrawn || rate === 0 || this.#isCalm) return false;
    this.coverage[kind]++;
    return true;
  }

  note(occurrence: Occurrence, count = 1): void {
    this.coverage[occurrence] += count;
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.#isCalm = true;
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }
}
