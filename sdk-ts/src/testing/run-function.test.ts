import assert from "node:assert/strict";
import { Failure_Code } from "@statewire/protos/statewire/v1/stream.js";
import { address } from "../address.js";
import { egress } from "../egress.js";
import { FunctionFailure } from "../errors.js";
import { statefulFunction } from "../function.js";
import { state } from "../state.js";
import { typed } from "../typed-value.js";
import { types } from "../types.js";
import { runFunction } from "./run-function.js";

interface Note {
  text: string;
}

const alerts = egress("shop/alerts", types.string);

const account = statefulFunction("bank/account", {
  states: {
    balance: state(types.long),
    note: state(types.json<Note>("bank/note"), { lazy: true }),
  },
  accepts: types.long,
  replies: types.string,
  async handle(ctx, amount) {
    const balance = (ctx.state.balance.get() ?? 0n) + amount;
    ctx.state.balance.set(balance);
    const note = await ctx.state.note.get();
    ctx.send(ctx.self, 1n);
    ctx.sendAfter(500, address("bank/audit", ctx.self.id), typed(types.long, amount), {
      token: "audit",
    });
    ctx.cancel("old");
    if (balance < 0n) {
      ctx.egress(alerts, `${ctx.self.id} is overdrawn`);
      throw new FunctionFailure("overdrawn", { retryable: false });
    }
    ctx.egress(alerts, ctx.caller?.id ?? "from outside");
    ctx.reply(note?.text ?? "no note");
  },
});

describe("runFunction", () => {
  it("shows everything that the function did for one message", async () => {
    const outcome = await runFunction(account, {
      id: "alice",
      message: 2n,
      state: { balance: 40n, note: { text: "vip" } },
      caller: address("bank/teller", "bob"),
    });
    assert.equal(outcome.failure, undefined);
    assert.deepEqual(outcome.state, { balance: 42n, note: { text: "vip" } });
    assert.deepEqual(outcome.changedStates, ["balance"]);
    assert.equal(outcome.reply, "vip");
    assert.deepEqual(outcome.egressRecords(alerts), ["bob"]);
    assert.deepEqual(outcome.cancellations, ["old"]);
    assert.deepEqual(outcome.sends[0]?.target, address("bank/account", "alice"));
    assert.equal(outcome.sends[0]?.as(types.long), 1n);
    assert.equal(outcome.delayedSends[0]?.delayMs, 500);
    assert.equal(outcome.delayedSends[0]?.token, "audit");
  });

  it("shows a failure, and that nothing else happened", async () => {
    const outcome = await runFunction(account, { message: -1n, state: { balance: 0n } });
    assert.equal(outcome.failure?.code, Failure_Code.FUNCTION);
    assert.equal(outcome.failure?.message, "overdrawn");
    assert.equal(outcome.failure?.retryable, false);
    assert.ok(outcome.failure?.error instanceof FunctionFailure);
    assert.deepEqual(outcome.state, { balance: 0n, note: undefined });
    assert.deepEqual(outcome.sends, []);
    assert.deepEqual(outcome.delayedSends, []);
    assert.deepEqual(outcome.egressRecords(alerts), []);
    assert.equal(outcome.reply, undefined);
  });

  it("drops a reply that nobody waits for", async () => {
    const outcome = await runFunction(account, { message: 1n, wantsReply: false });
    assert.equal(outcome.failure, undefined);
    assert.equal(outcome.reply, undefined);
  });

  it("refuses a message that is not of the function's type", async () => {
    await assert.rejects(
      runFunction(account, { message: 1 as unknown as bigint }),
      /value cannot be encoded as io.statefun.types\/long: expected a bigint, received number 1/,
    );
  });
});
