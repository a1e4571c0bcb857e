import { serve, state, statefulFunction, types } from "@statewire/sdk";

const counter = statefulFunction("shop/counter", {
  states: { count: state(types.int) },
  accepts: types.int,
  replies: types.int,
  handle(ctx, amount) {
    const count = (ctx.state.count.get() ?? 0) + amount;
    ctx.state.count.set(count);
    ctx.reply(count);
  },
});

const server = await serve([counter], { address: "127.0.0.1:7500" });
console.log(`listening on ${server.address}`);
process.once("SIGTERM", () => void server.close());
