import type { InspectResponse } from "@statewire/protos/statewire/v1/admin.js";
import { compareTotals, type Totals, totalCompared, totalDisagreements } from "../comparison.js";
import { type ObservedStates, stateTotals } from "../observation.js";
import type { Tally } from "../tally.js";

/** What the board shows, as JSON: the state of the functions a moment ago. */
export interface Snapshot {
  readonly flights: { readonly departed: number; readonly total: number };
  readonly airports: readonly Row[];
  readonly routes: readonly Row[];
  readonly hours: readonly Row[];
  readonly totals: { readonly compared: number; readonly disagreeing: number };
  readonly node: NodeSnapshot;
}

/** A tally with its mean delay, in minutes. */
export interface Row {
  readonly id: string;
  readonly flights: number;
  readonly lateFlights: number;
  readonly meanDelay: number;
}

export interface NodeSnapshot {
  readonly uptimeMs: number;
  readonly messagesWaiting: number;
  readonly parked: number;
  readonly endpoints: readonly {
    readonly functions: readonly string[];
    readonly state: string;
    readonly sdk: string;
  }[];
  readonly checkpoint: { readonly number: number; readonly ageMs: number } | null;
}

const rowsShown = 10;
/** A route with fewer flights says little about the route. */
const routeFlightsMin = 15;

/** Adds up what the functions keep, and compares it with what the file comes to in the end. */
export function summarize(
  observation: ObservedStates,
  status: InspectResponse,
  expected: Totals,
): Snapshot {
  const comparisons = compareTotals(expected, { ...expected, ...stateTotals(observation) });
  const byState = comparisons.filter(({ group }) => group !== "alerts" && group !== "digests");
  const rows = {
    airports: toRows(observation.airports.map(({ id, departures }) => [id, departures])),
    routes: toRows(observation.routes.map(({ id, flights }) => [id, flights])),
    hours: toRows(observation.hours.map(({ id, departures }) => [id, departures])),
  };
  return {
    flights: {
      departed: rows.hours.reduce((total, { flights }) => total + flights, 0),
      total: [...expected.hours]
        .filter(([name]) => name.endsWith(".flights"))
        .reduce((total, [, number]) => total + number, 0),
    },
    airports: rows.airports.toSorted((a, b) => b.flights - a.flights).slice(0, rowsShown),
    routes: rows.routes
      .filter(({ flights }) => flights >= routeFlightsMin)
      .toSorted((a, b) => b.meanDelay - a.meanDelay)
      .slice(0, rowsShown),
    hours: rows.hours.toSorted((a, b) => a.id.localeCompare(b.id)),
    totals: { compared: totalCompared(byState), disagreeing: totalDisagreements(byState) },
    node: summarizeNode(status),
  };
}

function summarizeNode(status: InspectResponse): NodeSnapshot {
  const total = (count: (type: InspectResponse["functions"][number]) => number) =>
    status.functions.reduce((sum, type) => sum + count(type), 0);
  return {
    uptimeMs: status.uptimeMs,
    messagesWaiting: total((type) => type.messagesWaiting),
    parked: total((type) => type.addressesParked),
    endpoints: status.endpoints.map(({ functions, state, sdk }) => ({ functions, state, sdk })),
    checkpoint:
      status.checkpoint === undefined
        ? null
        : { number: status.checkpoint.number, ageMs: status.checkpoint.ageMs },
  };
}

function toRows(tallies: readonly (readonly [string, Tally | undefined])[]): readonly Row[] {
  return tallies.flatMap(([id, tally]) =>
    tally === undefined
      ? []
      : [
          {
            id,
            flights: tally.flights,
            lateFlights: tally.lateFlights,
            meanDelay: tally.delayMinutes / tally.flights,
          },
        ],
  );
}
