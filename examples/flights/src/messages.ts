import { egress, functionReference, types } from "@statewire/sdk";
import { z } from "zod";
import { flightSchema } from "./flight.js";

/** From the file to the origin airport, and from there to the route and the hour: it departed. */
export const departure = types.json("flights/flight", flightSchema);

/** From the route to the destination airport: it arrived. */
export const arrival = types.json("flights/arrival", z.object({ delay: z.int() }));

/** From the destination airport back to the route: the arrival is on its books. */
export const confirmation = types.json("flights/confirmation", z.object({}));

/** From an airport to itself, later: send the digest of this number, if it is still open. */
export const digestDue = types.json("flights/digest-due", z.object({ number: z.int() }));

/** From a route to itself, later: flights should be confirmed by now. */
export const overdue = types.json("flights/overdue", z.object({}));

/** A very late flight, for the world outside. */
export const alerts = egress("flights/alerts", departure);

const digestSchema = z.object({
  airport: z.string(),
  /** From 1, without gaps, for each airport. */
  number: z.int(),
  lateFlights: z.int(),
  lateMinutes: z.int(),
  /** Whether it was full, or its time had come. */
  closedBy: z.enum(["count", "time"]),
});

export type Digest = z.infer<typeof digestSchema>;

/** The late arrivals of an airport, several in one record, for the world outside. */
export const digests = egress("flights/digests", types.json("flights/digest", digestSchema));

/** Airports and routes send to each other: each knows the other by name, and what it accepts. */
export const airportReference = functionReference("flights/airport", [
  departure,
  arrival,
  digestDue,
]);
export const routeReference = functionReference("flights/route", [
  departure,
  confirmation,
  overdue,
]);
export const hourReference = functionReference("flights/hour", departure);
