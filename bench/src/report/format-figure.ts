/** A figure for people, with the unit that the end of its name tells. */
export function formatFigure(name: string, value: number): string {
  if (name.endsWith("perSecond")) return `${formatCount(value)}/s`;
  if (name.endsWith("Us")) return `${formatPrecise(value)} us`;
  if (name.endsWith("Ms")) return `${formatPrecise(value)} ms`;
  if (name.endsWith("Bytes")) return `${formatPrecise(value / 1_000_000)} MB`;
  if (name.endsWith("Percent")) return `${formatPrecise(value)} %`;
  return Number.isInteger(value) ? formatCount(value) : formatPrecise(value);
}

/** Three digits that matter. */
export function formatPrecise(value: number): string {
  if (Math.abs(value) >= 100) return formatCount(value);
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return value.toFixed(value === 0 || Math.abs(value) >= 1 ? 2 : 3);
}

function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
