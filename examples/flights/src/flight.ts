import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** One record of the data set. */
export const flightSchema = z.object({
  /** Scheduled departure, "2001/01/31 23:59", local time of the origin. */
  date: z.string(),
  /** Minutes that it arrived late; below 0: early. */
  delay: z.int(),
  /** In miles. */
  distance: z.int(),
  /** Airport codes of three letters. */
  origin: z.string(),
  destination: z.string(),
});

export type Flight = z.infer<typeof flightSchema>;

/** The airlines' own measure of late, in minutes. */
export const lateMinutes = 15;

/** From here on a delay raises an alert, in minutes. */
export const alertMinutes = 120;

/** The data set: a JSON array of flights, in order of date. */
export const flightsPath: string = fileURLToPath(
  new URL("../data/flights-20k.json", import.meta.resolve("vega-datasets")),
);

/** @throws Error when the file is not there, is not JSON, or holds something else than flights. */
export function readFlights(path: string): readonly Flight[] {
  return z.array(flightSchema).parse(JSON.parse(readFileSync(path, "utf8")));
}

/** The id of the route that a flight took, for example "ORD-LAX". */
export function routeOf(flight: Flight): string {
  return `${flight.origin}-${flight.destination}`;
}

/** The hour of departure, "00" to "23". */
export function hourOf(flight: Flight): string {
  return flight.date.slice(11, 13);
}
