import { escapeHtml } from "./escape-html.js";
import { isBad, type RunReport } from "./run-report.js";

const labelText = "statewire conformance";

/** Pixels that a character of the badge's font takes, about. */
const characterWidth = 6.6;

/** An SVG badge: how many of the applicable MUST and SHOULD cases passed. */
export function badge(run: RunReport): string {
  const cases = run.cases.filter(
    ({ level, outcome }) => level !== "MAY" && outcome !== "not applicable",
  );
  const passed = cases.filter(({ outcome }) => outcome === "passed").length;
  const good = !run.cases.some(isBad) && passed === cases.length;
  const value = `${passed}/${cases.length}`;
  const labelWidth = Math.round(labelText.length * characterWidth) + 12;
  const valueWidth = Math.round(value.length * characterWidth) + 12;
  const width = labelWidth + valueWidth;
  const title = escapeHtml(`${run.subject.name}: ${labelText} ${value}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${title}">
  <title>${title}</title>
  <rect width="${width}" height="20" rx="3" fill="#3b4252"/>
  <path d="M${labelWidth} 0h${valueWidth - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-${valueWidth - 3}z" fill="${good ? "#2e7d4f" : "#b3261e"}"/>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
    <text x="${labelWidth / 2}" y="14" textLength="${labelWidth - 12}">${labelText}</text>
    <text x="${labelWidth + valueWidth / 2}" y="14">${value}</text>
  </g>
</svg>
`;
}
