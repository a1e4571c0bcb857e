import type { Numbers, Totals } from "./comparison.js";
import { alertMinutes, type Flight, hourOf, lateMinutes, routeOf } from "./flight.js";

/**
 * The totals straight from the flights, group by group. On purpose without the code that the
 * functions use: the same mistake in both would agree.
 */
export function expectedTotals(flights: readonly Flight[]): Totals {
  const late = flights.filter((flight) => flight.delay >= lateMinutes);
  return {
    airports: new Map([
      ...summaries(flights, (flight) => flight.origin, "departures"),
      ...summaries(flights, (flight) => flight.destination, "arrivals"),
    ]),
    routes: new Map([
      ...summaries(flights, routeOf, "flights"),
      ...[...groupBy(flights, routeOf)].flatMap(([id, group]): [string, number][] => [
        [`${id} confirmed`, group.length],
        [`${id} airborne`, 0],
        [`${id} overdue`, 0],
      ]),
    ]),
    hours: new Map(summaries(flights, hourOf, "departures")),
    alerts: countEach(flights.filter((flight) => flight.delay >= alertMinutes).map(recordName)),
    digests: new Map(
      [...groupBy(late, (flight) => flight.destination)].flatMap(([id, group]) => [
        [`${id} lateFlights`, group.length],
        [`${id} lateMinutes`, sum(group.map((flight) => flight.delay))],
        [`${id} repeatedOrMissing`, 0],
      ]),
    ),
  };
}

/** Names a flight in the group "alerts". */
export function recordName(flight: Flight): string {
  return `${flight.date} ${routeOf(flight)} ${flight.distance} miles, late ${flight.delay}`;
}

/** How often each name occurs. */
export function countEach(names: readonly string[]): Numbers {
  const groups = groupBy(names, (name) => name);
  return new Map([...groups].map(([name, group]) => [name, group.length]));
}

/** Values by key, in order of first occurrence. */
export function groupBy<T>(
  values: readonly T[],
  keyOf: (value: T) => string,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function summaries(
  flights: readonly Flight[],
  keyOf: (flight: Flight) => string,
  name: string,
): [string, number][] {
  return [...groupBy(flights, keyOf)].flatMap(([id, group]): [string, number][] => {
    const delays = group.map((flight) => flight.delay);
    return [
      [`${id} ${name}.flights`, delays.length],
      [`${id} ${name}.delayMinutes`, sum(delays)],
      [`${id} ${name}.lateFlights`, delays.filter((delay) => delay >= lateMinutes).length],
      [`${id} ${name}.worstMinutes`, Math.max(...delays)],
    ];
  });
}
