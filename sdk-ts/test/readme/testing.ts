import assert from "node:assert/strict";
import { typed } from "@statewire/sdk";
import { runFunction, TestApplication } from "@statewire/sdk/testing";
import { AddItem, Checkout, cart, Forget, loyalty, receipts } from "./cart.js";

const outcome = await runFunction(cart, {
  message: typed(AddItem, { item: "tea" }),
  state: { items: ["milk"] },
});
assert.deepEqual(outcome.state.items, ["milk", "tea"]);
assert.deepEqual(outcome.delayedSends[0]?.as(Forget), {});

const app = new TestApplication([cart, loyalty]);
app.send(cart.at("alice"), typed(AddItem, { item: "tea" }));
app.send(cart.at("alice"), typed(Checkout, { card: "4711" }));
app.send(cart.at("bob"), typed(AddItem, { item: "salt" }));
await app.settle();
assert.deepEqual(app.egressRecords(receipts), [["tea"]]);
assert.deepEqual(app.state(loyalty, "4711"), { points: 1n });

await app.advance(86_400_000);
assert.deepEqual(app.state(cart, "bob"), { items: undefined });
