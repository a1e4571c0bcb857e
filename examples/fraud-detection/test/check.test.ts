import assert from "node:assert/strict";
import { checkOutcome } from "../src/check.js";
import { expectedScores, generateWorkload, isAlert } from "../src/workload.js";

// Goal: the check that ends the example can fail, and what it checks is worth checking.

const size = { accounts: 60, merchants: 20, frauds: 90, payments: 400 };
const workload = generateWorkload(7, size);
const scoresBefore = expectedScores(workload.payments, workload.frauds);
const scoresAfter = expectedScores(workload.payments, []);
const frauds = new Map<string, number>();
for (const account of workload.frauds) frauds.set(account, (frauds.get(account) ?? 0) + 1);

const alerts = [
  ...scoresBefore.map((score, index) => ({ transaction: `before-${index}`, score })),
  ...scoresAfter.map((score, index) => ({ transaction: `after-${index}`, score })),
]
  .filter(({ score }) => isAlert(score))
  .map((alert) => ({ ...alert, account: "account-1", merchant: "merchant-1", amount: 1 }));

const outcome = { frauds, scoresBefore, scoresAfter, alerts };

function failing(changed: Partial<typeof outcome>): readonly string[] {
  return checkOutcome(workload, { ...outcome, ...changed })
    .filter(({ compared, agreeing }) => agreeing !== compared)
    .map(({ name }) => name);
}

describe("the fraud workload", () => {
  it("is the same for the same seed, and another for another", () => {
    assert.deepEqual(generateWorkload(7, size), workload);
    assert.notDeepEqual(generateWorkload(8, size), workload);
  });

  it("raises more alerts with the frauds known than without, and some of both", () => {
    const known = scoresBefore.filter(isAlert).length;
    const forgotten = scoresAfter.filter(isAlert).length;
    assert.ok(known > forgotten && forgotten > 0, `${known} and ${forgotten}`);
  });
});

describe("the check of the outcome", () => {
  it("agrees with the right outcome", () => {
    assert.deepEqual(failing({}), []);
  });

  it("sees a fraud that was counted twice", () => {
    const [account] = workload.frauds;
    assert.ok(account !== undefined);
    const twice = new Map(frauds).set(account, (frauds.get(account) ?? 0) + 1);
    assert.deepEqual(failing({ frauds: twice }), ["frauds by account"]);
  });

  it("sees frauds that did not expire", () => {
    assert.deepEqual(failing({ scoresAfter: scoresBefore }), ["scores, frauds expired"]);
  });

  it("sees an alert that came twice, and one that is missing", () => {
    assert.deepEqual(failing({ alerts: [...alerts, ...alerts.slice(0, 1)] }), [
      "alerts, each once",
    ]);
    assert.deepEqual(failing({ alerts: alerts.slice(1) }), ["alerts, each once"]);
  });
});
