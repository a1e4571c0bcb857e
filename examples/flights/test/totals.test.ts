import assert from "node:assert/strict";
import { compareTotals, type Totals, totalDisagreements } from "../src/comparison.js";
import { expectedTotals } from "../src/expected-totals.js";
import { type Flight, flightsPath, readFlights } from "../src/flight.js";
import { type Observation, observedTotals } from "../src/observation.js";

// Goal: the comparison that ends the demo can fail, for each way in which totals can be wrong.

const nothing: Totals = {
  airports: new Map(),
  routes: new Map(),
  hours: new Map(),
  alerts: new Map(),
  digests: new Map(),
};

const flight: Flight = {
  date: "2001/01/31 23:59",
  delay: 130,
  distance: 1745,
  origin: "ORD",
  destination: "LAX",
};

const observation: Observation = {
  airports: [
    {
      id: "ORD",
      departures: { flights: 1, delayMinutes: 130, lateFlights: 1, worstMinutes: 130 },
      arrivals: undefined,
    },
    {
      id: "LAX",
      departures: undefined,
      arrivals: { flights: 1, delayMinutes: 130, lateFlights: 1, worstMinutes: 130 },
    },
  ],
  routes: [
    {
      id: "ORD-LAX",
      flights: { flights: 1, delayMinutes: 130, lateFlights: 1, worstMinutes: 130 },
      confirmed: 1,
      airborne: 0,
      overdue: 0,
    },
  ],
  hours: [
    {
      id: "23",
      departures: { flights: 1, delayMinutes: 130, lateFlights: 1, worstMinutes: 130 },
    },
  ],
  alerts: [flight],
  digests: [{ airport: "LAX", number: 1, lateFlights: 1, lateMinutes: 130, closedBy: "time" }],
};

function disagreements(observed: Observation): readonly string[] {
  return compareTotals(expectedTotals([flight]), observedTotals(observed)).flatMap((comparison) =>
    comparison.disagreements.map(({ group, name, expected, found }) =>
      [group, name, expected, found].join(" | "),
    ),
  );
}

describe("the data set", () => {
  it("holds 20,000 flights between 224 airports", () => {
    const flights = readFlights(flightsPath);
    const airports = new Set(flights.flatMap(({ origin, destination }) => [origin, destination]));
    assert.equal(flights.length, 20_000);
    assert.equal(airports.size, 224);
  });
});

describe("the comparison of totals", () => {
  it("agrees when every number is there once", () => {
    assert.deepEqual(disagreements(observation), []);
  });

  it("sees an alert that was written twice", () => {
    const twice = { ...observation, alerts: [flight, flight] };
    assert.deepEqual(disagreements(twice), [
      "alerts | 2001/01/31 23:59 ORD-LAX 1745 miles, late 130 | 1 | 2",
    ]);
  });

  it("sees an alert that is missing, and one that nobody expects", () => {
    const other = { ...observation, alerts: [{ ...flight, delay: 131 }] };
    assert.deepEqual(disagreements(other), [
      "alerts | 2001/01/31 23:59 ORD-LAX 1745 miles, late 130 | 1 | ",
      "alerts | 2001/01/31 23:59 ORD-LAX 1745 miles, late 131 |  | 1",
    ]);
  });

  it("sees a digest that was repeated, and a number that was left out", () => {
    const [digest] = observation.digests;
    assert.ok(digest !== undefined);
    const empty = { ...digest, lateFlights: 0, lateMinutes: 0 };
    const repeated = { ...observation, digests: [digest, empty] };
    const leftOut = { ...observation, digests: [digest, { ...empty, number: 3 }] };
    assert.deepEqual(disagreements(repeated), ["digests | LAX repeatedOrMissing | 0 | 1"]);
    assert.deepEqual(disagreements(leftOut), ["digests | LAX repeatedOrMissing | 0 | 1"]);
  });

  it("sees a flight that was never confirmed", () => {
    const routes = observation.routes.map((route) => ({ ...route, confirmed: 0, airborne: 1 }));
    assert.deepEqual(disagreements({ ...observation, routes }), [
      "routes | ORD-LAX confirmed | 1 | 0",
      "routes | ORD-LAX airborne | 0 | 1",
    ]);
  });

  it("sees state that should not be there at all", () => {
    const stray = { id: "24", departures: { ...observation.hours[0]?.departures } };
    const hours = [...observation.hours, stray as Observation["hours"][number]];
    assert.equal(disagreements({ ...observation, hours }).length, 4);
  });

  it("finds every number of the file missing when there is nothing", () => {
    const expected = expectedTotals([flight]);
    const all = Object.values(expected).reduce((total, numbers) => total + numbers.size, 0);
    assert.equal(totalDisagreements(compareTotals(expected, nothing)), all);
  });
});
