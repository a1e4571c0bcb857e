import { egress, serve, state, statefulFunction, typed, types } from "@statewire/sdk";

// The function server of the crash tests and of npm run torture. Each account counts and adds up what it gets, writes a line
// to the audit and tells the total; every tenth record makes a delayed message.

const record = types.json<{ account: string; number: number; amount: number }>("ledger/record");
const reminder = types.json<{ account: string }>("ledger/reminder");
const ring = types.json<{ number: number }>("ledger/ring");
const balance = types.json<{ count: number; sum: number }>("ledger/balance");
const counted = types.json<number>("ledger/count");
const receipt = types.json<string>("ledger/receipt");
const audit = egress("ledger/audit", types.string);

/** Says at a time, in ms since the Unix epoch, that its time has come. */
const alarm = statefulFunction("ledger/alarm", {
  accepts: [record, ring],
  handle(ctx, message) {
    if (message.is(ring)) ctx.egress(audit, `${ctx.self.id} ${message.value.number}`);
    else {
      const { number, amount: dueMs } = message.value;
      ctx.sendAfter(Math.max(0, dueMs - Date.now()), ctx.self, typed(ring, { number }));
    }
  },
});

/** Counts what it gets. */
const line = statefulFunction("ledger/line", {
  states: { count: state(counted) },
  accepts: record,
  handle(ctx, { number }) {
    const count = (ctx.state.count.get() ?? 0) + 1;
    ctx.state.count.set(count);
    ctx.egress(audit, `${ctx.self.id} ${number} ${count}`);
  },
});

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

const server = await serve([account, total, line, alarm], {
  address: process.argv[2] ?? "127.0.0.1:0",
  onEvent: () => undefined,
});
process.stdout.write(`${server.address}\n`);
