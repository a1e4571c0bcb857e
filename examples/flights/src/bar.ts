/** From one eighth of a cell to seven. */
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A horizontal bar of `share` (0 to 1, cut off beyond) of `width` cells, to an eighth of a cell. */
export function bar(share: number, width: number): string {
  const units = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  return "█".repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? "");
}
