import assert from "node:assert/strict";
import { compareLedger, drawRecords, expectedLedger } from "./ledger-outcome.js";
import { Random } from "./random.js";

// Goal: whoever compares a ledger with what it should be finds each kind of difference. Method: what
// it should be, with one thing changed.

const records = drawRecords(new Random(1n), 2000);
const { accounts, balance, reminders } = expectedLedger(records);
const expectedLines = [...accounts.values()].flatMap(({ lines }) => lines);

async function compare(changed: {
  readonly lines?: readonly string[];
  readonly balance?: { readonly count: number; readonly sum: number };
  readonly reminders?: number;
}) {
  const states = new Map([
    ["balance", JSON.stringify(changed.balance ?? balance)],
    ["reminders", String(changed.reminders ?? reminders)],
  ]);
  const ledger = {
    outputLines: [...(changed.lines ?? expectedLines)],
    state: async (_type: string, _id: string, name: string) => states.get(name),
  };
  const { lost, doubled, differences } = await compareLedger(ledger, records);
  return { lost, doubled, differences: differences.length };
}

describe("the comparison of a ledger", () => {
  const [first = "", second = "", ...others] = expectedLines;

  it("finds no difference where there is none", async () => {
    assert.deepEqual(await compare({}), { lost: 0, doubled: 0, differences: 0 });
    const { messages } = await compareLedger(
      { outputLines: expectedLines, state: async () => "0" },
      records,
    );
    assert.equal(messages, 6000 + reminders);
  });

  it("finds a line that is missing, there twice, made up, or in a wrong place", async () => {
    const of = (...lines: readonly string[]) => compare({ lines: [...lines, ...others] });
    assert.deepEqual(await of(first), { lost: 1, doubled: 0, differences: 1 });
    assert.deepEqual(await of(first, second, second), { lost: 0, doubled: 1, differences: 1 });
    assert.deepEqual(await of(first, second, "x 1 1 1"), { lost: 0, doubled: 1, differences: 1 });
    assert.deepEqual(await of(second, first), { lost: 0, doubled: 0, differences: 1 });
  });

  it("finds totals that are too small or too large", async () => {
    const { count, sum } = balance;
    assert.deepEqual(await compare({ balance: { count: count - 1, sum } }), {
      lost: 1,
      doubled: 0,
      differences: 1,
    });
    assert.deepEqual(await compare({ balance: { count, sum: sum + 1 } }), {
      lost: 0,
      doubled: 0,
      differences: 1,
    });
    assert.deepEqual(await compare({ reminders: reminders + 2 }), {
      lost: 0,
      doubled: 2,
      differences: 1,
    });
  });
});
