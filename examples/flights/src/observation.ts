import { existsSync, readFileSync } from "node:fs";
import type { Admin } from "@statewire/example-processes/admin.js";
import type { NamedState } from "@statewire/protos/statewire/v1/admin.js";
import { fromTypedValue, type Type, types } from "@statewire/sdk";
import type { Numbers, Totals } from "./comparison.js";
import { countEach, groupBy, recordName, sum } from "./expected-totals.js";
import type { Flight } from "./flight.js";
import type { Digest } from "./messages.js";
import { type Tally, tallyType } from "./tally.js";

/** What the functions keep, as the runtime tells it. */
export interface ObservedStates {
  readonly airports: readonly AirportState[];
  readonly routes: readonly RouteState[];
  readonly hours: readonly { readonly id: string; readonly departures: Tally | undefined }[];
}

/** What the functions came to: their states, and the egress files. */
export interface Observation extends ObservedStates {
  readonly alerts: readonly Flight[];
  readonly digests: readonly Digest[];
}

export interface AirportState {
  readonly id: string;
  readonly departures: Tally | undefined;
  readonly arrivals: Tally | undefined;
}

export interface RouteState {
  readonly id: string;
  readonly flights: Tally | undefined;
  readonly confirmed: number;
  readonly airborne: number;
  readonly overdue: number;
}

/** Where the egresses write. */
export interface EgressPaths {
  readonly alerts: string;
  readonly digests: string;
}

/** Reads everything. @throws Error when a value is not what the functions write. */
export async function observe(admin: Admin, paths: EgressPaths): Promise<Observation> {
  return {
    ...(await observeStates(admin)),
    alerts: readRecords<Flight>(paths.alerts),
    digests: readRecords<Digest>(paths.digests),
  };
}

/** What the functions keep, without what the egresses wrote. @throws Error as observe does. */
export async function observeStates(admin: Admin): Promise<ObservedStates> {
  const airports: AirportState[] = [];
  for await (const { id, states } of admin.listState("flights/airport")) {
    const departures = readTally(states, "departures");
    airports.push({ id, departures, arrivals: readTally(states, "arrivals") });
  }
  const routes: RouteState[] = [];
  for await (const { id, states } of admin.listState("flights/route")) {
    routes.push({
      id,
      flights: readTally(states, "flights"),
      confirmed: read(states, "confirmed", types.int) ?? 0,
      airborne: read(states, "airborne", types.int) ?? 0,
      overdue: read(states, "overdue", types.int) ?? 0,
    });
  }
  const hours: { id: string; departures: Tally | undefined }[] = [];
  for await (const { id, states } of admin.listState("flights/hour")) {
    hours.push({ id, departures: readTally(states, "departures") });
  }
  return { airports, routes, hours };
}

/** The same numbers that expectedTotals computes, from what was observed. */
export function observedTotals(observation: Observation): Totals {
  return {
    ...stateTotals(observation),
    alerts: countEach(observation.alerts.map(recordName)),
    digests: digestNumbers(observation.digests),
  };
}

/** The groups of totals that need no egress. */
export function stateTotals(
  observation: ObservedStates,
): Pick<Totals, "airports" | "routes" | "hours"> {
  return {
    airports: new Map(
      observation.airports.flatMap((airport) => [
        ...tallyNumbers(airport.id, "departures", airport.departures),
        ...tallyNumbers(airport.id, "arrivals", airport.arrivals),
      ]),
    ),
    routes: new Map(
      observation.routes.flatMap((route): [string, number][] => [
        ...tallyNumbers(route.id, "flights", route.flights),
        [`${route.id} confirmed`, route.confirmed],
        [`${route.id} airborne`, route.airborne],
        [`${route.id} overdue`, route.overdue],
      ]),
    ),
    hours: new Map(
      observation.hours.flatMap((hour) => tallyNumbers(hour.id, "departures", hour.departures)),
    ),
  };
}

/** The tally that a state holds. @throws Error when it holds something else. */
export function readTally(states: readonly NamedState[], name: string): Tally | undefined {
  return read(states, name, tallyType);
}

function read<T>(states: readonly NamedState[], name: string, type: Type<T>): T | undefined {
  const value = states.find((state) => state.name === name)?.value;
  return value === undefined
    ? undefined
    : fromTypedValue(type, { typename: value.typename, value: value.value });
}

/**
 * The values of an egress file, whose lines are numbered; a file that no record was written to does
 * not exist.
 *
 * @throws Error when a line is not the one after the line before it.
 */
export function readRecords<T>(path: string): readonly T[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1).map((line, index) => {
    const { sequence, value } = JSON.parse(line) as { sequence: number; value: T };
    if (sequence === index + 1) return value;
    throw new Error(`line ${index + 1} of ${path} is record ${sequence}`);
  });
}

function tallyNumbers(id: string, name: string, tally: Tally | undefined): [string, number][] {
  return Object.entries(tally ?? {}).map(([field, number]) => [`${id} ${name}.${field}`, number]);
}

function digestNumbers(digests: readonly Digest[]): Numbers {
  const byAirport = groupBy(digests, (digest) => digest.airport);
  return new Map(
    [...byAirport].flatMap(([id, group]): [string, number][] => [
      [`${id} lateFlights`, sum(group.map((digest) => digest.lateFlights))],
      [`${id} lateMinutes`, sum(group.map((digest) => digest.lateMinutes))],
      [`${id} repeatedOrMissing`, repeatedOrMissing(group.map((digest) => digest.number))],
    ]),
  );
}

/** 0 when the numbers are 1, 2, 3... each once, in any order. */
function repeatedOrMissing(numbers: readonly number[]): number {
  const distinct = new Set(numbers).size;
  return numbers.length - distinct + (Math.max(...numbers) - distinct);
}
