import { types } from "@statewire/sdk";
import { z } from "zod";
import { lateMinutes } from "./flight.js";

/** What is counted about a set of flights. Does not depend on the order in which they are added. */
const tallySchema = z.object({
  flights: z.int(),
  /** Sum over all flights; early ones count below 0. */
  delayMinutes: z.int(),
  lateFlights: z.int(),
  /** The longest delay; of early flights only, the least early. */
  worstMinutes: z.int(),
});

export type Tally = z.infer<typeof tallySchema>;

/** A tally as a state. */
export const tallyType = types.json("flights/tally", tallySchema);

/** The tally with one more flight; `undefined` is the tally of none. */
export function addFlight(tally: Tally | undefined, delay: number): Tally {
  return {
    flights: (tally?.flights ?? 0) + 1,
    delayMinutes: (tally?.delayMinutes ?? 0) + delay,
    lateFlights: (tally?.lateFlights ?? 0) + (delay >= lateMinutes ? 1 : 0),
    worstMinutes: tally === undefined ? delay : Math.max(tally.worstMinutes, delay),
  };
}
