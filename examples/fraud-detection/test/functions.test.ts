import assert from "node:assert/strict";
import { typed } from "@statewire/sdk";
import { TestApplication } from "@statewire/sdk/testing";
import { counter, fraudsExpireMs, merchant, model, transaction } from "../src/functions.js";
import { alerts, confirmedFraud, payment } from "../src/messages.js";
import { riskOf, scoreOf } from "../src/model.js";

// Goal: the four functions agree on one payment, in memory and in virtual time.

const paid = { account: "alice", merchant: "shop", amount: 900 };

function score(fraudCount: number): number {
  return scoreOf({ amount: paid.amount, fraudCount, merchantRisk: riskOf(paid.merchant) });
}

describe("the fraud functions", () => {
  let app: TestApplication;

  beforeEach(() => {
    app = new TestApplication([transaction, counter, merchant, model]);
  });

  async function pay(id: string): Promise<number | undefined> {
    app.send(transaction.at(id), typed(payment, paid));
    await app.settle();
    return app.state(transaction, id).score;
  }

  async function confirmFrauds(count: number): Promise<void> {
    for (let n = 0; n < count; n++) app.send(counter.at(paid.account), typed(confirmedFraud, {}));
    await app.settle();
  }

  it("score a payment with the frauds of its account", async () => {
    assert.equal(await pay("first"), score(0));
    await confirmFrauds(2);
    assert.equal(await pay("second"), score(2));
  });

  it("forget frauds when they expire, some time after the last one", async () => {
    await confirmFrauds(1);
    await app.advance(fraudsExpireMs - 1);
    await confirmFrauds(1);
    await app.advance(fraudsExpireMs - 1);
    assert.equal(await pay("before"), score(2));
    await app.advance(1);
    assert.equal(await pay("after"), score(0));
  });

  it("raise an alert with the payment and its score", async () => {
    await confirmFrauds(3);
    const points = await pay("risky");
    assert.ok(points !== undefined && points >= 60, `score ${points}`);
    assert.deepEqual(app.egressRecords(alerts), [{ ...paid, transaction: "risky", score: points }]);
  });

  it("keep nothing of a finished transaction but its score", async () => {
    await pay("done");
    const { score: points, ...others } = app.state(transaction, "done");
    assert.notEqual(points, undefined);
    assert.deepEqual(
      Object.values(others).filter((value) => value !== undefined),
      [],
    );
  });
});
