import { serve, state, statefulFunction, types } from "@statewire/sdk";

/** Counts the greetings of everybody; its one instance is "all". */
const guestbook = statefulFunction("greeter/guestbook", {
  states: { greetings: state(types.int) },
  accepts: types.string,
  replies: types.string,
  handle(ctx, name) {
    const greetings = ctx.state.greetings.get() ?? 0;
    if (ctx.wantsReply) {
      ctx.reply(`${greetings} greetings so far`);
    } else {
      ctx.state.greetings.set(greetings + 1);
      console.error(`guestbook: ${name} was here`);
    }
  },
});

/** Greets one person, whose name is the id, and remembers how often. */
const person = statefulFunction("greeter/person", {
  states: { visits: state(types.int) },
  accepts: types.string,
  replies: types.string,
  handle(ctx, greeting) {
    const visits = (ctx.state.visits.get() ?? 0) + 1;
    ctx.state.visits.set(visits);
    ctx.send(guestbook.at("all"), ctx.self.id);
    ctx.reply(`${greeting}, ${ctx.self.id}! Visit number ${visits}.`);
  },
});

const server = await serve([person, guestbook], { address: process.argv[2] ?? "127.0.0.1:7500" });
console.log(server.address);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
