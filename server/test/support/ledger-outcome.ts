import type { Ledger, LedgerRecord } from "./process-ledger.js";
import type { Random } from "./random.js";

const accountCount = 97;

/** Records of random accounts, numbered from the first. */
export function drawRecords(random: Random, count: number, first = 0): LedgerRecord[] {
  return Array.from({ length: count }, (_, at) => ({
    account: `account-${random.below(accountCount)}`,
    number: first + at,
    amount: random.below(1000),
  }));
}

/** What a run without failures leaves: the lines of each account, in order, and the totals. */
export function expectedLedger(records: readonly LedgerRecord[]) {
  const accounts = new Map<string, { count: number; sum: number; lines: string[] }>();
  let reminders = 0;
  let sum = 0;
  for (const { account, number, amount } of records) {
    const entry = accounts.get(account) ?? { count: 0, sum: 0, lines: [] };
    accounts.set(account, entry);
    entry.count++;
    entry.sum += amount;
    sum += amount;
    if (entry.count % 10 === 0) reminders++;
    entry.lines.push(`${account} ${number} ${entry.count} ${entry.sum}`);
  }
  return { accounts, reminders, balance: { count: records.length, sum } };
}

/** How a ledger that has settled differs from what a run without failures leaves. */
export interface LedgerOutcome {
  /** Between functions, to functions and from them: all that must take effect once. */
  readonly messages: number;
  readonly lost: number;
  readonly doubled: number;
  /** Each difference in words; none: everything took effect once, in order. */
  readonly differences: readonly string[];
}

/** Compares the output byte for byte, account by account, and the totals. */
export async function compareLedger(
  ledger: Pick<Ledger, "outputLines" | "state">,
  records: readonly LedgerRecord[],
): Promise<LedgerOutcome> {
  const { accounts, reminders, balance } = expectedLedger(records);
  const tally = new Tally();
  const found = new Map<string, string[]>();
  for (const line of ledger.outputLines) {
    const account = line.slice(0, line.indexOf(" "));
    const lines = found.get(account) ?? [];
    found.set(account, lines);
    lines.push(line);
  }
  for (const [account, { lines }] of accounts) tally.lines(lines, found.get(account) ?? []);
  for (const [account, lines] of found) if (!accounts.has(account)) tally.lines([], lines);
  const total = JSON.parse((await ledger.state("total", "all", "balance")) ?? "{}");
  tally.count("messages to the total", balance.count, total.count ?? 0);
  if (total.sum !== balance.sum) tally.differences.push(`sum ${total.sum}, not ${balance.sum}`);
  const reminded = Number((await ledger.state("total", "all", "reminders")) ?? 0);
  tally.count("delayed messages", reminders, reminded);
  const { lost, doubled, differences } = tally;
  // Each record comes in, goes out, and makes a message to the total.
  return { messages: 3 * records.length + reminders, lost, doubled, differences };
}

class Tally {
  lost = 0;
  doubled = 0;
  readonly differences: string[] = [];

  count(what: string, expected: number, found: number): void {
    this.lost += Math.max(0, expected - found);
    this.doubled += Math.max(0, found - expected);
    if (found !== expected) this.differences.push(`${what}: ${found}, not ${expected}`);
  }

  /** The lines of one account. */
  lines(expected: readonly string[], found: readonly string[]): void {
    const at = found.findIndex((line, index) => line !== expected[index]);
    if (at < 0 && found.length === expected.length) return;
    const [wanted, got] = [new Set(expected), new Set(found)];
    const lost = expected.filter((line) => !got.has(line)).length;
    const doubled = found.length - got.size + found.filter((line) => !wanted.has(line)).length;
    this.lost += lost;
    this.doubled += doubled;
    const place = at < 0 ? found.length : at;
    this.differences.push(`line "${found[place]}" stands where "${expected[place]}" belongs`);
  }
}
