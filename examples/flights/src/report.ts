import Table from "cli-table3";
import pc from "picocolors";
import { bar } from "./bar.js";
import type { Comparison } from "./comparison.js";
import { lateMinutes } from "./flight.js";
import type { Observation } from "./observation.js";
import type { Tally } from "./tally.js";

const rowsShown = 10;
const barWidth = 20;

/** A route with fewer flights says little about the route. */
const routeFlightsMin = 15;

/** A row with fewer flights does not set the scale of the bars, unless all have fewer. */
const scaleFlightsMin = 50;

/** The day of the airports begins here; what departs before is late from the day before. */
const firstHour = "05:00";

/** Disagreements that are printed of one group. */
const disagreementsShown = 10;

type Row = readonly [label: string, tally: Tally];

/** The tables about the flights, as lines. */
export function formatObservation(observation: Observation): string {
  const airports = observation.airports.map(
    ({ id, departures, arrivals }) => [id, combine(departures, arrivals)] as const,
  );
  const routes = observation.routes.map(({ id, flights }) => [id, combine(flights)] as const);
  const hours = observation.hours.map(
    ({ id, departures }) => [`${id}:00`, combine(departures)] as const,
  );
  return [
    title(`The ${rowsShown} busiest airports, departures and arrivals`),
    formatRows(largest(airports, (tally) => tally.flights)),
    title(`The ${rowsShown} latest routes of at least ${routeFlightsMin} flights`),
    formatRows(
      largest(
        routes.filter(([, tally]) => tally.flights >= routeFlightsMin),
        mean,
      ),
    ),
    title("The later in the day, the later: mean delay by hour of departure"),
    formatRows(hours.toSorted(([a], [b]) => fromFirstHour(a).localeCompare(fromFirstHour(b)))),
  ].join("\n");
}

/** The comparison as lines: a summary of each group, then what disagrees. */
export function formatComparisons(comparisons: readonly Comparison[]): string {
  const lines = comparisons.flatMap(({ group, compared, disagreements }) => {
    const count = compared.toLocaleString("en-US").padStart(8);
    const verdict =
      disagreements.length === 0
        ? pc.green("all agree")
        : pc.red(`${disagreements.length.toLocaleString("en-US")} disagree`);
    const shown = disagreements.slice(0, disagreementsShown).map((pair) => {
      const expected = pair.expected ?? "nothing";
      return `      ${pair.name}: ${expected} in the file, ${pair.found ?? "nothing"} in the functions`;
    });
    const more = disagreements.length - shown.length;
    if (more > 0) shown.push(`      and ${more.toLocaleString("en-US")} more`);
    return [`  ${group.padEnd(9)}${count} numbers  ${verdict}`, ...shown];
  });
  return [title("Totals of the functions, compared with the file"), ...lines].join("\n");
}

function title(text: string): string {
  return `\n${pc.bold(text)}`;
}

/** Sorts the hours before the first one behind the last. */
function fromFirstHour(label: string): string {
  return label < firstHour ? `next day ${label}` : label;
}

function largest(rows: readonly Row[], measure: (tally: Tally) => number): readonly Row[] {
  return rows.toSorted(([, a], [, b]) => measure(b) - measure(a)).slice(0, rowsShown);
}

function formatRows(rows: readonly Row[]): string {
  const frequent = rows.filter(([, tally]) => tally.flights >= scaleFlightsMin);
  const scale = frequent.length > 0 ? frequent : rows;
  const longest = Math.max(1, ...scale.map(([, tally]) => mean(tally)));
  const table = new Table({
    head: ["", "flights", `late ${lateMinutes}+ min`, "worst min", "mean delay, min", ""],
    colAligns: ["left", "right", "right", "right", "right", "left"],
    chars: borders,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  for (const [label, tally] of rows) {
    table.push([
      `  ${pc.bold(label)}`,
      tally.flights.toLocaleString("en-US"),
      `${((100 * tally.lateFlights) / tally.flights).toFixed(0)} %`,
      tally.worstMinutes,
      mean(tally).toFixed(1),
      pc.yellow(bar(mean(tally) / longest, barWidth)),
    ]);
  }
  return table.toString();
}

function mean(tally: Tally): number {
  return tally.delayMinutes / tally.flights;
}

/** One tally of all flights of several. */
function combine(...tallies: readonly (Tally | undefined)[]): Tally {
  const present = tallies.filter((tally) => tally !== undefined);
  const total = (field: keyof Tally) => present.reduce((sum, tally) => sum + tally[field], 0);
  return {
    flights: total("flights"),
    delayMinutes: total("delayMinutes"),
    lateFlights: total("lateFlights"),
    worstMinutes: Math.max(...present.map((tally) => tally.worstMinutes)),
  };
}

/** No lines at all: the columns stand by themselves. */
const borders = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"]
    .flatMap((part) => [part, `${part}-mid`, `${part}-left`, `${part}-right`, `mid-${part}`])
    .concat("left-mid", "mid-mid", "right-mid", "middle")
    .map((part) => [part, ""]),
);
