import { state, statefulFunction } from "@statewire/sdk";
import { hourReference } from "./messages.js";
import { addFlight, tallyType } from "./tally.js";

/** An hour of the day; its id is "00" to "23". It counts the flights that departed in it. */
export const hour = statefulFunction(hourReference.typeName, {
  states: { departures: state(tallyType) },
  accepts: hourReference.accepts,
  handle(ctx, flight) {
    ctx.state.departures.set(addFlight(ctx.state.departures.get(), flight.delay));
  },
});
