import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { compareTotals } from "../src/comparison.js";
import { expectedTotals, groupBy } from "../src/expected-totals.js";
import { type Flight, flightsPath, hourOf, readFlights, routeOf } from "../src/flight.js";
import { type Observation, observedTotals } from "../src/observation.js";
import { formatComparisons, formatObservation } from "../src/report.js";
import { addFlight, type Tally } from "../src/tally.js";

// Goal: what the demo prints is true, for flights that have been counted without a runtime.

const flights = readFlights(flightsPath);

function tallies(keyOf: (flight: Flight) => string): ReadonlyMap<string, Tally | undefined> {
  return new Map(
    [...groupBy(flights, keyOf)].map(([key, group]) => {
      let tally: Tally | undefined;
      for (const flight of group) tally = addFlight(tally, flight.delay);
      return [key, tally];
    }),
  );
}

function observationOfAllFlights(): Observation {
  const departures = tallies((flight) => flight.origin);
  const arrivals = tallies((flight) => flight.destination);
  const codes = [...new Set([...departures.keys(), ...arrivals.keys()])];
  return {
    airports: codes.map((id) => ({
      id,
      departures: departures.get(id),
      arrivals: arrivals.get(id),
    })),
    routes: [...tallies(routeOf)].map(([id, tally]) => ({
      id,
      flights: tally,
      confirmed: tally?.flights ?? 0,
      airborne: 0,
      overdue: 0,
    })),
    hours: [...tallies(hourOf)].map(([id, tally]) => ({ id, departures: tally })),
    alerts: flights.filter((flight) => flight.delay >= 120),
    digests: [...groupBy(flights, (flight) => flight.destination)].flatMap(([airport, group]) => {
      const late = group.filter((flight) => flight.delay >= 15);
      const lateMinutes = late.reduce((minutes, flight) => minutes + flight.delay, 0);
      const digest = { airport, number: 1, lateFlights: late.length, lateMinutes };
      return late.length === 0 ? [] : [{ ...digest, closedBy: "time" as const }];
    }),
  };
}

describe("the report", () => {
  const observation = observationOfAllFlights();

  it("names the busiest airport first, with its departures and arrivals", () => {
    const text = stripVTControlCharacters(formatObservation(observation));
    const first = text.split("\n").find((line) => /^ {2}[A-Z]{3} /.test(line)) ?? "";
    const atChicago = flights.filter(({ origin, destination }) =>
      [origin, destination].includes("ORD"),
    );
    assert.match(first, /^ {2}ORD /);
    assert.ok(first.includes(atChicago.length.toLocaleString("en-US")), first);
  });

  it("has a row for each of the 24 hours", () => {
    const text = stripVTControlCharacters(formatObservation(observation));
    assert.equal(text.match(/^ {2}\d\d:00 /gm)?.length, 24);
  });

  it("says that all agree when they do", () => {
    const comparisons = compareTotals(expectedTotals(flights), observedTotals(observation));
    const text = stripVTControlCharacters(formatComparisons(comparisons));
    assert.equal(text.match(/all agree/g)?.length, 5, text);
  });

  it("prints the number in the file and the number in the functions where they differ", () => {
    const [first, ...others] = observation.routes;
    assert.ok(first !== undefined);
    const wrong = { ...observation, routes: [{ ...first, airborne: 3 }, ...others] };
    const comparisons = compareTotals(expectedTotals(flights), observedTotals(wrong));
    const text = stripVTControlCharacters(formatComparisons(comparisons));
    assert.match(text, /1 disagree/);
    assert.ok(text.includes(`${first.id} airborne: 0 in the file, 3 in the functions`), text);
  });
});
