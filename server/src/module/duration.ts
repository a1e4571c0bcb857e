/** Flink's names of units, in milliseconds. A name of three letters or more may end in "s". */
const unitMs: ReadonlyMap<string, number> = new Map([
  ["d", 86_400_000],
  ["day", 86_400_000],
  ["h", 3_600_000],
  ["hour", 3_600_000],
  ["m", 60_000],
  ["min", 60_000],
  ["minute", 60_000],
  ["s", 1000],
  ["sec", 1000],
  ["second", 1000],
  ["", 1],
  ["ms", 1],
  ["milli", 1],
  ["millisecond", 1],
  ["µs", 1e-3],
  ["micro", 1e-3],
  ["microsecond", 1e-3],
  ["ns", 1e-6],
  ["nano", 1e-6],
  ["nanosecond", 1e-6],
]);

/** What parseDuration() reads, for error messages. */
export const durationExamples = '500 (ms), "10 sec", "2m" or "1day"';
export const durationSyntax = `a duration such as ${durationExamples}`;

/**
 * Milliseconds, from Flink's notation: a whole number and a unit, a bare number is milliseconds.
 * Undefined when the syntax is wrong or the duration is not a whole number of milliseconds.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") return isDurationMs(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const match = /^\s*(\d+)\s*([a-zµ]*)\s*$/i.exec(value);
  if (match === null) return undefined;
  const factor = factorOf((match[2] ?? "").toLowerCase());
  if (factor === undefined) return undefined;
  const count = Number(match[1]);
  // Divided, since 1e-6 times a number is not exact.
  const durationMs = factor < 1 ? count / Math.round(1 / factor) : count * factor;
  return isDurationMs(durationMs) ? durationMs : undefined;
}

/** "10 sec (10000 ms)", or "1500 ms" when no larger unit is exact. */
export function formatDuration(durationMs: number): string {
  for (const unit of ["day", "hour", "min", "sec"]) {
    const count = durationMs / (unitMs.get(unit) ?? 1);
    if (count >= 1 && Number.isInteger(count)) return `${count} ${unit} (${durationMs} ms)`;
  }
  return `${durationMs} ms`;
}

function factorOf(unit: string): number | undefined {
  const exact = unitMs.get(unit);
  if (exact !== undefined) return exact;
  const singular = unit.endsWith("s") ? unit.slice(0, -1) : "";
  return singular.length >= 3 ? unitMs.get(singular) : undefined;
}

function isDurationMs(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
