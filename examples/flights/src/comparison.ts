/** Numbers by name: "ORD departures.flights" is 1095, for example. */
export type Numbers = ReadonlyMap<string, number>;

/** What the functions should have come to, or what they came to, by group. */
export type Totals = Readonly<Record<TotalsGroup, Numbers>>;

export const totalsGroups = ["airports", "routes", "hours", "alerts", "digests"] as const;

export type TotalsGroup = (typeof totalsGroups)[number];

/** A number that is not what it should be; absent on one side: nobody has heard of it there. */
export interface Disagreement {
  readonly group: TotalsGroup;
  readonly name: string;
  readonly expected: number | undefined;
  readonly found: number | undefined;
}

/** The comparison of one group. */
export interface Comparison {
  readonly group: TotalsGroup;
  /** Numbers on either side. */
  readonly compared: number;
  readonly disagreements: readonly Disagreement[];
}

/** Compares number by number; a number that only one side has disagrees. */
export function compareTotals(expected: Totals, found: Totals): readonly Comparison[] {
  return totalsGroups.map((group) => {
    const names = [...new Set([...expected[group].keys(), ...found[group].keys()])];
    const disagreements = names
      .map((name) => ({
        group,
        name,
        expected: expected[group].get(name),
        found: found[group].get(name),
      }))
      .filter((pair) => pair.expected !== pair.found);
    return { group, compared: names.length, disagreements };
  });
}

export function totalCompared(comparisons: readonly Comparison[]): number {
  return comparisons.reduce((total, { compared }) => total + compared, 0);
}

export function totalDisagreements(comparisons: readonly Comparison[]): number {
  return comparisons.reduce((total, { disagreements }) => total + disagreements.length, 0);
}
