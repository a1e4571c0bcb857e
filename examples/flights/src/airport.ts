import { type Context, state, statefulFunction, typed, types } from "@statewire/sdk";
import { z } from "zod";
import { hourOf, lateMinutes, routeOf } from "./flight.js";
import {
  airportReference,
  confirmation,
  type Digest,
  departure,
  digestDue,
  digests,
  hourReference,
  routeReference,
} from "./messages.js";
import { addFlight, tallyType } from "./tally.js";

/** A digest is sent this long after its first late flight... */
const digestDelayMs = 400;

/** ... or at once when it holds this many: then its delayed message is cancelled. */
const digestFlightsMax = 20;

const digestToken = "digest";

const openDigest = types.json(
  "flights/open-digest",
  z.object({
    /** Of the digest that is open, or of the last one when this one is empty. */
    number: z.int(),
    lateFlights: z.int(),
    lateMinutes: z.int(),
  }),
);

const states = {
  departures: state(tallyType),
  arrivals: state(tallyType),
  digest: state(openDigest),
};

type AirportContext = Context<typeof states, typeof airportReference.accepts>;

/** An airport; its id is the code of three letters. It counts, and sends digests of late arrivals. */
export const airport = statefulFunction(airportReference.typeName, {
  states,
  accepts: airportReference.accepts,
  handle(ctx, message) {
    switch (message.typename) {
      case "flights/flight": {
        const flight = message.value;
        ctx.state.departures.set(addFlight(ctx.state.departures.get(), flight.delay));
        ctx.send(routeReference.at(routeOf(flight)), typed(departure, flight));
        ctx.send(hourReference.at(hourOf(flight)), flight);
        return;
      }
      case "flights/arrival":
        arrive(ctx, message.value.delay);
        return;
      case "flights/digest-due": {
        const digest = ctx.state.digest.get();
        // A digest that was closed by count while its message was on the way is not the open one.
        if (digest?.number === message.value.number && digest.lateFlights > 0) {
          sendDigest(ctx, { ...digest, closedBy: "time" });
        }
      }
    }
  },
});

function arrive(ctx: AirportContext, delay: number): void {
  ctx.state.arrivals.set(addFlight(ctx.state.arrivals.get(), delay));
  if (ctx.caller !== undefined) {
    ctx.send(routeReference.at(ctx.caller.id), typed(confirmation, {}));
  }
  if (delay < lateMinutes) return;
  const last = ctx.state.digest.get() ?? { number: 0, lateFlights: 0, lateMinutes: 0 };
  const opens = last.lateFlights === 0;
  const digest = {
    number: last.number + (opens ? 1 : 0),
    lateFlights: last.lateFlights + 1,
    lateMinutes: last.lateMinutes + delay,
  };
  ctx.state.digest.set(digest);
  if (opens) {
    const due = typed(digestDue, { number: digest.number });
    ctx.sendAfter(digestDelayMs, ctx.self, due, { token: digestToken });
  }
  if (digest.lateFlights === digestFlightsMax) {
    ctx.cancel(digestToken);
    sendDigest(ctx, { ...digest, closedBy: "count" });
  }
}

function sendDigest(ctx: AirportContext, digest: Omit<Digest, "airport">): void {
  ctx.egress(digests, { airport: ctx.self.id, ...digest });
  ctx.state.digest.set({ number: digest.number, lateFlights: 0, lateMinutes: 0 });
}
