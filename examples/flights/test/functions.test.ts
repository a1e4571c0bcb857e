import assert from "node:assert/strict";
import { typed } from "@statewire/sdk";
import { TestApplication } from "@statewire/sdk/testing";
import { airport } from "../src/airport.js";
import { compareTotals } from "../src/comparison.js";
import { expectedTotals } from "../src/expected-totals.js";
import { type Flight, flightsPath, hourOf, readFlights, routeOf } from "../src/flight.js";
import { hour } from "../src/hour.js";
import { alerts, departure, digests } from "../src/messages.js";
import { type Observation, observedTotals } from "../src/observation.js";
import { route } from "../src/route.js";

// Goal: the functions come to the totals of the file in any order, in memory and in virtual time.

const dayMs = 86_400_000;

function flight(changed: Partial<Flight>): Flight {
  const usual = { date: "2001/01/31 23:59", delay: 0, distance: 1745 };
  return { ...usual, origin: "ORD", destination: "LAX", ...changed };
}

function fly(app: TestApplication, flights: readonly Flight[]): void {
  for (const flown of flights) app.send(airport.at(flown.origin), typed(departure, flown));
}

function observe(app: TestApplication, flights: readonly Flight[]): Observation {
  const codes = new Set(flights.flatMap(({ origin, destination }) => [origin, destination]));
  return {
    airports: [...codes].map((id) => {
      const { departures, arrivals } = app.state(airport, id);
      return { id, departures, arrivals };
    }),
    routes: [...new Set(flights.map(routeOf))].map((id) => {
      const { flights: flown, confirmed = 0, airborne = 0, overdue = 0 } = app.state(route, id);
      return { id, flights: flown, confirmed, airborne, overdue };
    }),
    hours: [...new Set(flights.map(hourOf))].map((id) => {
      const { departures } = app.state(hour, id);
      return { id, departures };
    }),
    alerts: app.egressRecords(alerts),
    digests: app.egressRecords(digests),
  };
}

describe("the flight functions", () => {
  for (const [order, arrange] of [
    ["as in the file", (flights: readonly Flight[]) => flights],
    ["backwards", (flights: readonly Flight[]) => flights.toReversed()],
  ] as const) {
    it(`come to the totals of the file when the flights come ${order}`, async () => {
      const flights = readFlights(flightsPath).slice(0, 2000);
      const app = new TestApplication([airport, route, hour]);
      fly(app, arrange(flights));
      await app.settle();
      await app.advance(dayMs);
      const found = observedTotals(observe(app, flights));
      const comparisons = compareTotals(expectedTotals(flights), found);
      assert.deepEqual(
        comparisons.flatMap(({ disagreements }) => disagreements),
        [],
      );
    });
  }

  it("send a digest some time after the first late arrival", async () => {
    const app = new TestApplication([airport, route, hour]);
    fly(app, [flight({ delay: 15 }), flight({ delay: 14 }), flight({ delay: 20 })]);
    await app.settle();
    assert.deepEqual(app.egressRecords(digests), []);
    await app.advance(400);
    assert.deepEqual(app.egressRecords(digests), [
      { airport: "LAX", number: 1, lateFlights: 2, lateMinutes: 35, closedBy: "time" },
    ]);
  });

  it("send a full digest at once, and cancel the message that would have sent it", async () => {
    const app = new TestApplication([airport, route, hour]);
    fly(
      app,
      Array.from({ length: 20 }, () => flight({ delay: 30 })),
    );
    await app.settle();
    assert.deepEqual(app.delayed, []);
    await app.advance(dayMs);
    assert.deepEqual(app.egressRecords(digests), [
      { airport: "LAX", number: 1, lateFlights: 20, lateMinutes: 600, closedBy: "count" },
    ]);
  });

  it("watch over a route until its flights are confirmed", async () => {
    const app = new TestApplication([route], { elsewhere: [airport, hour] });
    app.send(route.at("ORD-LAX"), typed(departure, flight({})));
    await app.settle();
    assert.equal(app.delayed.length, 1);
    await app.advance(dayMs);
    const { airborne, overdue } = app.state(route, "ORD-LAX");
    assert.deepEqual({ airborne, overdue }, { airborne: 1, overdue: 1 });
  });

  it("raise an alert from 120 minutes on", async () => {
    const app = new TestApplication([airport, route, hour]);
    fly(app, [flight({ delay: 119 }), flight({ delay: 120 })]);
    await app.settle();
    assert.deepEqual(app.egressRecords(alerts), [flight({ delay: 120 })]);
  });
});
