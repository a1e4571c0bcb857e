import { type Figures, median } from "./figures.js";
import type { Bench, OpenSubject, Series, SeriesRole } from "./subject.js";

/** What a subject found. */
export interface SubjectResult {
  readonly subject: string;
  readonly series: readonly SeriesResult[];
}

/** The figures of one series, one entry per round. */
export interface SeriesResult {
  readonly name: string;
  readonly role: SeriesRole;
  readonly floor: string | null;
  readonly rounds: readonly Figures[];
}

/** Reads "series.figure" of one round; `undefined` when it was not measured. */
export type Lookup = (figure: string) => number | undefined;

/** The least that a series is warmed up for, in milliseconds. */
const warmUpMsMin = 500;

/**
 * Measures every series once per round, round after round: A B C, A B C. A machine that gets slower
 * or faster meanwhile does so for all of them.
 */
export async function measureRounds(
  name: string,
  open: OpenSubject,
  bench: Bench,
): Promise<SubjectResult> {
  const chosen = open.series.filter((one) => bench.only === null || one.name.includes(bench.only));
  for (const series of chosen.filter((one) => one.once !== true)) {
    bench.progress(`${name}: warm-up, ${series.name}`);
    await series.measure(warmUpMs(series, bench));
  }
  const measured = new Map<Series, Figures[]>(chosen.map((series) => [series, []]));
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const series of chosen) {
      if (series.once === true && round > 1) continue;
      bench.progress(`${name}: round ${round} of ${bench.rounds}, ${series.name}`);
      measured.get(series)?.push(await series.measure(bench.durationMs));
    }
  }
  const series = chosen.map((one) => ({
    name: one.name,
    role: one.role,
    floor: one.floor ?? null,
    rounds: measured.get(one) ?? [],
  }));
  return { subject: name, series };
}

function warmUpMs(series: Series, { quick, durationMs }: Bench): number {
  const shortMs = Math.max(warmUpMsMin, durationMs / 3);
  return quick ? shortMs : (series.warmUpMs ?? shortMs);
}

/** The names of a series' figures, in the order they were first seen. */
export function figureNames(series: SeriesResult): readonly string[] {
  return [...new Set(series.rounds.flatMap((round) => Object.keys(round)))];
}

/** One series' figure in every round that has it. */
export function figureRounds(series: SeriesResult, figure: string): readonly number[] {
  return series.rounds.flatMap((round) => round[figure] ?? []);
}

/**
 * The median over the rounds of what `value` makes of each round's figures: a ratio is taken inside
 * a round, where both sides met the same machine. A series measured once counts in every round.
 */
export function medianOfRounds(
  result: SubjectResult,
  value: (lookup: Lookup) => number | undefined,
): number | undefined {
  const rounds = Math.max(0, ...result.series.map((series) => series.rounds.length));
  const values = Array.from({ length: rounds }, (_, round) => value(lookupIn(result, round)));
  const known = values.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : median(known);
}

function lookupIn(result: SubjectResult, round: number): Lookup {
  return (path) => {
    const dot = path.lastIndexOf(".");
    const series = result.series.find((one) => one.name === path.slice(0, dot));
    const figures = series?.rounds.length === 1 ? series.rounds[0] : series?.rounds[round];
    return figures?.[path.slice(dot + 1)];
  };
}
