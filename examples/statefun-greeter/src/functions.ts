// Nothing here says how the functions are served: over HTTP, on an edge runtime, on Lambda or by gRPC.
import { egress, messageType, state, statefulFunction, types } from "@statewire/sdk/functions";

interface GreetRequest {
  readonly name: string;
}

interface Visit {
  readonly name: string;
  readonly number: number;
}

const GreetRequest = types.json<GreetRequest>("example/GreetRequest");
const Visit = messageType("example/Visit", types.json<Visit>("example/Visit"));

const playground = egress(
  "io.statefun.playground/egress",
  types.json<{ topic: string; payload: string }>("io.statefun.playground/EgressRecord"),
);

/** Counts the visits of one person, who is forgotten after a week without any. */
export const person = statefulFunction("example/person", {
  states: { visits: state(types.int, { expireAfterWriteMs: 7 * 86_400_000 }) },
  accepts: GreetRequest,
  handle(ctx, { name }) {
    const number = (ctx.state.visits.get() ?? 0) + 1;
    ctx.state.visits.set(number);
    ctx.send(greeter.at(ctx.self.id), { name, number });
  },
});

/** Finds the words. */
export const greeter = statefulFunction("example/greeter", {
  accepts: Visit,
  handle(ctx, { name, number }) {
    const payload = number === 1 ? `Hello, ${name}!` : `Hello again, ${name}: visit ${number}.`;
    ctx.egress(playground, { topic: "greetings", payload });
  },
});
