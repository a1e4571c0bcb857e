import type { Clause } from "../protocol/clauses.js";
import { escapeHtml } from "./escape-html.js";
import { formatTrace } from "./format-trace.js";
import { matrixScript } from "./html-script.js";
import { matrixStyle } from "./html-style.js";
import { type Column, cellKey, roleTable } from "./html-table.js";
import { countOutcomes, isBad, pathOf, type RunReport } from "./run-report.js";

const roles = [
  ["sdk", "Function servers"],
  ["runtime", "Runtimes"],
] as const;

/**
 * One page for people: implementations as columns, cases as rows. It can be filtered, and a click on a
 * cell shows the clauses, the reason and the frames. It needs no network.
 */
export function htmlMatrix(
  runs: readonly RunReport[],
  clauses: ReadonlyMap<string, Clause>,
): string {
  const columns = runs.map((run, number) => {
    return { number, run, cases: new Map(run.cases.map((each) => [pathOf(each), each])) };
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Statewire conformance</title>
<style>${matrixStyle}</style>
</head>
<body>
<header>
<h1>Statewire conformance</h1>
<p class="lead">What implementations do with the clauses of the stream protocol, version ${runs[0]?.protocolVersion ?? 1}.
Select a cell to see the clauses, the reason and the frames. Kit ${escapeHtml(runs[0]?.kitVersion ?? "")}.</p>
<div class="cards">${runs.map(card).join("\n")}</div>
<ul class="legend"><li>&#10003; passed</li><li>&#10007; failed</li><li>&#8776; known failure</li><li>! passed although listed as failing</li>
<li>&#8211; not applicable: by its level or its features</li></ul>
</header>
<div class="tools"><input type="search" id="search" placeholder="Filter by case or clause, for example lease-3" aria-label="Filter">
<label><input type="checkbox" id="only-bad"> only what did not pass</label><span id="count" role="status"></span></div>
<main>${sections(columns)}</main>
<dialog id="dialog"><form method="dialog"><button aria-label="Close">&#215;</button></form><div id="content"></div></dialog>
<script type="application/json" id="data">${pageData(columns, clauses)}</script>
<script>${matrixScript}</script>
</body>
</html>
`;
}

function sections(columns: readonly Column[]): string {
  const parts = roles.map(([role, title]) => {
    const own = columns.filter(({ run }) => run.subject.role === role);
    return own.length === 0 ? "" : `<section><h2>${title}</h2>${roleTable(own)}</section>`;
  });
  return parts.join("\n");
}

function card(run: RunReport): string {
  const { name, role, level, features } = run.subject;
  const counts = countOutcomes(run.cases);
  const passed = counts.get("passed") ?? 0;
  const asked = run.cases.length - (counts.get("not applicable") ?? 0);
  const bad = run.cases.filter(isBad).length;
  const known = asked - passed - bad;
  const part = (count: number, kind: string) =>
    count === 0
      ? ""
      : `<i class="${kind}" style="width:${(100 * count) / Math.max(1, asked)}%"></i>`;
  return `<div class="card"><h3>${escapeHtml(name)}<span class="${bad === 0 ? "good" : "bad"}">${passed} of ${asked}</span></h3>
<div class="bar">${part(passed, "passed")}${part(known, "known")}${part(bad, "bad")}</div>
<p>${role === "sdk" ? "Function server" : "Runtime"}, level ${level}${features.length === 0 ? ", no features" : `: ${escapeHtml(features.join(", "))}`}</p>
<p>${escapeHtml(run.startedAt.slice(0, 10))}</p></div>`;
}

/** A clause without the asterisks that Markdown has around what happens when it is broken. */
function withoutStress(text: string): string {
  return text.replace(/\*([^*]+)\*/g, "$1");
}

/** What the dialog shows, by cell. */
function pageData(columns: readonly Column[], clauses: ReadonlyMap<string, Clause>): string {
  const cells: { [key: string]: unknown } = {};
  const cited: { [id: string]: string } = {};
  for (const { number, run } of columns) {
    for (const each of run.cases) {
      cells[cellKey(number, each)] = {
        path: pathOf(each),
        subject: run.subject.name,
        outcome: each.outcome,
        level: each.level,
        ms: Math.round(each.durationMs),
        reason: each.reason,
        clauses: each.clauses,
        trace: formatTrace(each.trace),
      };
      for (const id of each.clauses) cited[id] = withoutStress(clauses.get(id)?.text ?? "");
    }
  }
  // A text must not be able to end the script element.
  return JSON.stringify({ cells, clauses: cited }).replaceAll("<", "\\u003c");
}
