import { type Context, state, statefulFunction, typed, types } from "@statewire/sdk";
import { alertMinutes, type Flight } from "./flight.js";
import { airportReference, alerts, arrival, overdue, routeReference } from "./messages.js";
import { addFlight, tallyType } from "./tally.js";

/** How long the first of the unconfirmed flights may stay so. Far longer than the demo runs. */
const overdueMs = 3_600_000;

const overdueToken = "overdue";

const states = {
  flights: state(tallyType),
  /** Flights that the destination has not confirmed yet. */
  airborne: state(types.int),
  confirmed: state(types.int),
  /** How often the destination was silent for too long. */
  overdue: state(types.int),
};

type RouteContext = Context<typeof states, typeof routeReference.accepts>;

/**
 * A pair of airports; its id is "ORIGIN-DESTINATION". It tells the destination of every flight and
 * waits for the confirmation: a watch runs while flights are unconfirmed.
 */
export const route = statefulFunction(routeReference.typeName, {
  states,
  accepts: routeReference.accepts,
  handle(ctx, message) {
    switch (message.typename) {
      case "flights/flight":
        depart(ctx, message.value);
        return;
      case "flights/confirmation":
        confirm(ctx);
        return;
      case "flights/overdue":
        ctx.state.overdue.set((ctx.state.overdue.get() ?? 0) + 1);
    }
  },
});

function depart(ctx: RouteContext, flight: Flight): void {
  ctx.state.flights.set(addFlight(ctx.state.flights.get(), flight.delay));
  const airborne = (ctx.state.airborne.get() ?? 0) + 1;
  ctx.state.airborne.set(airborne);
  if (airborne === 1) {
    ctx.sendAfter(overdueMs, ctx.self, typed(overdue, {}), { token: overdueToken });
  }
  ctx.send(airportReference.at(flight.destination), typed(arrival, { delay: flight.delay }));
  if (flight.delay >= alertMinutes) ctx.egress(alerts, flight);
}

function confirm(ctx: RouteContext): void {
  const airborne = (ctx.state.airborne.get() ?? 0) - 1;
  ctx.state.airborne.set(airborne);
  ctx.state.confirmed.set((ctx.state.confirmed.get() ?? 0) + 1);
  if (airborne === 0) ctx.cancel(overdueToken);
}
