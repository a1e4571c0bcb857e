import { setImmediate } from "node:timers/promises";
import { type Context, state, statefulFunction, typed, types } from "@statewire/sdk";
import {
  alerts,
  counters,
  fraudCount,
  merchantRisk,
  merchants,
  models,
  payment,
  question,
  score,
  transactions,
} from "./messages.js";
import { alertScore, riskOf, scoreOf } from "./model.js";

/** A confirmed fraud is forgotten this long after the account's last one. */
export const fraudsExpireMs = 4_000;

const transactionStates = {
  payment: state(payment),
  fraudCount: state(types.int),
  merchantRisk: state(types.int),
  /** The outcome; the other states are cleared with it. */
  score: state(types.int),
};

type TransactionContext = Context<typeof transactionStates, typeof transactions.accepts>;

/** One transaction: asks the counter and the merchant at once, then the model, then judges. */
export const transaction = statefulFunction(transactions.typeName, {
  states: transactionStates,
  accepts: transactions.accepts,
  handle(ctx, message) {
    switch (message.typename) {
      case "fraud/payment":
        ctx.state.payment.set(message.value);
        ctx.send(counters.at(message.value.account), typed(question, {}));
        ctx.send(merchants.at(message.value.merchant), {});
        return;
      case "fraud/fraud-count":
        ctx.state.fraudCount.set(message.value);
        askModel(ctx);
        return;
      case "fraud/merchant-risk":
        ctx.state.merchantRisk.set(message.value);
        askModel(ctx);
        return;
      case "fraud/score":
        judge(ctx, message.value);
    }
  },
});

/** The frauds of one account, forgotten after a time. */
export const counter = statefulFunction(counters.typeName, {
  states: { frauds: state(types.int, { expireAfterWriteMs: fraudsExpireMs }) },
  accepts: counters.accepts,
  handle(ctx, message) {
    const frauds = ctx.state.frauds.get() ?? 0;
    if (message.typename === "fraud/confirmed-fraud") {
      ctx.state.frauds.set(frauds + 1);
    } else if (ctx.caller !== undefined) {
      ctx.send(transactions.at(ctx.caller.id), typed(fraudCount, frauds));
    }
  },
});

/** How risky one merchant is: looked up once, then known. */
export const merchant = statefulFunction(merchants.typeName, {
  states: { risk: state(types.int) },
  accepts: merchants.accepts,
  async handle(ctx) {
    const risk = ctx.state.risk.get() ?? (await lookUpRisk(ctx.self.id));
    ctx.state.risk.set(risk);
    if (ctx.caller !== undefined) {
      ctx.send(transactions.at(ctx.caller.id), typed(merchantRisk, risk));
    }
  },
});

/** The model: no state, so its instances, one for each transaction, all run at once. */
export const model = statefulFunction(models.typeName, {
  accepts: models.accepts,
  handle(ctx, message) {
    if (ctx.caller !== undefined) {
      ctx.send(transactions.at(ctx.caller.id), typed(score, scoreOf(message)));
    }
  },
});

/** Asks when both answers are there, in whichever order they came. */
function askModel(ctx: TransactionContext): void {
  const amount = ctx.state.payment.get()?.amount;
  const frauds = ctx.state.fraudCount.get();
  const risk = ctx.state.merchantRisk.get();
  if (amount === undefined || frauds === undefined || risk === undefined) return;
  ctx.send(models.at(ctx.self.id), { amount, fraudCount: frauds, merchantRisk: risk });
}

function judge(ctx: TransactionContext, points: number): void {
  const paid = ctx.state.payment.get();
  if (paid !== undefined && points >= alertScore) {
    ctx.egress(alerts, { ...paid, transaction: ctx.self.id, score: points });
  }
  ctx.state.payment.clear();
  ctx.state.fraudCount.clear();
  ctx.state.merchantRisk.clear();
  ctx.state.score.set(points);
}

/** Stands for a call to a service of somebody else. */
async function lookUpRisk(name: string): Promise<number> {
  await setImmediate();
  return riskOf(name);
}
