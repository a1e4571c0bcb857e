import { egress, FunctionFailure, serve, state, statefulFunction, types } from "@statewire/sdk";

// A function server that leaves something in every place where a node keeps something. Words: where to
// listen; "holding": what comes to held never ends, and what comes to broken fails for good.

const [address = "127.0.0.1:0", mode = ""] = process.argv.slice(2);
const isHolding = mode === "holding";
const hourMs = 3_600_000;

interface Command {
  readonly set?: string;
  readonly remindAs?: string;
  readonly cancel?: string;
}

const command = types.json<Command>("keeper/command");
const seen = types.json<readonly string[]>("keeper/seen");
const out = egress("keeper/out", types.string);

const item = statefulFunction("keeper/item", {
  states: {
    plain: state(types.string),
    written: state(types.string, { expireAfterWriteMs: hourMs }),
    touched: state(types.string, { expireAfterInvocationMs: hourMs }),
    brief: state(types.string, { expireAfterWriteMs: 1 }),
    count: state(types.int),
  },
  accepts: command,
  replies: types.string,
  handle(ctx, { set, remindAs, cancel }) {
    if (cancel !== undefined) ctx.cancel(cancel);
    if (remindAs !== undefined) {
      ctx.sendAfter(hourMs, ctx.self, { set: "reminded" }, { token: remindAs });
    }
    if (set === undefined) return;
    for (const name of ["plain", "written", "touched", "brief"] as const) ctx.state[name].set(set);
    const count = (ctx.state.count.get() ?? 0) + 1;
    ctx.state.count.set(count);
    ctx.egress(out, `${ctx.self.id} ${set}`);
    ctx.reply(`${set} ${count}`);
  },
});

const held = statefulFunction("keeper/held", {
  states: { seen: state(seen) },
  accepts: types.string,
  async handle(ctx, text) {
    if (isHolding) await new Promise(() => undefined);
    ctx.state.seen.set([...(ctx.state.seen.get() ?? []), text]);
  },
});

const broken = statefulFunction("keeper/broken", {
  states: { seen: state(seen) },
  accepts: types.string,
  handle(ctx, text) {
    if (isHolding) throw new FunctionFailure("not today", { retryable: false });
    ctx.state.seen.set([...(ctx.state.seen.get() ?? []), text]);
  },
});

const server = await serve([item, held, broken], { address, onEvent: () => undefined });
process.stdout.write(`${server.address}\n`);
