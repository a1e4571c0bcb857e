import { egress, serve, state, statefulFunction, typed, types } from "@statewire/sdk";

// The function server of the crash tests. Each account counts and adds up what it gets, writes a line
// to the audit and tells the total; every tenth record makes a delayed message.

const record = types.json<{ account: string; number: number; amount: number }>("ledger/record");
const reminder = types.json<{ account: string }>("ledger/reminder");
const balance = types.json<{ count: number; sum: number }>("ledger/balance");
const counted = types.json<number>("ledger/count");
const receipt = types.json<string>("ledger/receipt");
const audit = egress("ledger/audit", types.string);

const reminderDelayMs = 20;

const total = statefulFunction("ledger/total", {
  states: { balance: state(balance), reminders: state(counted) },
  accepts: [record, reminder],
  handle(ctx, message) {
    if (message.is(reminder)) {
      ctx.state.reminders.set((ctx.state.reminders.get() ?? 0) + 1);
      return;
    }
    const { count, sum } = ctx.state.balance.get() ?? { count: 0, sum: 0 };
    ctx.state.balance.set({ count: count + 1, sum: sum + message.value.amount });
  },
});

const account = statefulFunction("ledger/account", {
  states: { balance: state(balance) },
  accepts: record,
  replies: receipt,
  handle(ctx, value) {
    const before = ctx.state.balance.get() ?? { count: 0, sum: 0 };
    const after = { count: before.count + 1, sum: before.sum + value.amount };
    ctx.state.balance.set(after);
    const line = `${ctx.self.id} ${value.number} ${after.count} ${after.sum}`;
    ctx.egress(audit, line);
    ctx.reply(line);
    ctx.send(total.at("all"), typed(record, value));
    if (after.count % 10 === 0) {
      ctx.sendAfter(reminderDelayMs, total.at("all"), typed(reminder, { account: ctx.self.id }));
    }
  },
});

const server = await serve([account, total], {
  address: process.argv[2] ?? "127.0.0.1:0",
  onEvent: () => undefined,
});
process.stdout.write(`${server.address}\n`);
