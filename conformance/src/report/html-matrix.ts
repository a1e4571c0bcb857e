import type { Clause } from "../protocol/clauses.js";
import { escapeHtml } from "./escape-html.js";
import { formatTrace } from "./format-trace.js";
import { matrixScript, matrixStyle } from "./html-parts.js";
import { type CaseReport, countOutcomes, isBad, pathOf, type RunReport } from "./run-report.js";

/**
 * One page for people: implementations as columns, cases as rows. A click on a cell shows the
 * clauses, the reason and the trace. It needs no network.
 */
export function htmlMatrix(
  runs: readonly RunReport[],
  clauses: ReadonlyMap<string, Clause>,
): string {
  const roles = [...new Set(runs.map(({ subject }) => subject.role))];
  const tables = roles.map((role) =>
    roleTable(
      role,
      runs.filter(({ subject }) => subject.role === role),
    ),
  );
  const details = runs.flatMap((run, column) =>
    run.cases.map((each) => detail(run, column, each, clauses)),
  );
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
<p>What implementations do with the clauses of the stream protocol, version ${runs[0]?.protocolVersion ?? 1}.
Select a cell to see the clauses, the reason and the frames.</p>
</header>
<main>${tables.join("\n")}</main>
<dialog id="dialog"><form method="dialog"><button aria-label="Close">&#215;</button></form><div id="content"></div></dialog>
<div hidden>${details.join("\n")}</div>
<script>${matrixScript}</script>
</body>
</html>
`;
}

function roleTable(role: "sdk" | "runtime", runs: readonly RunReport[]): string {
  const title = role === "sdk" ? "Function servers" : "Runtimes";
  const heads = runs.map(
    (run) => `<th scope="col">${escapeHtml(run.subject.name)}${summary(run)}</th>`,
  );
  const suites = [...new Set(runs.flatMap((run) => run.cases.map((each) => each.suite)))];
  const rows = suites.map((suite) => suiteRows(suite, runs)).join("\n");
  return `<section><h2>${title}</h2><table>
<thead><tr><th scope="col" class="case">Case</th><th scope="col">Clauses</th>${heads.join("")}</tr></thead>
${rows}
</table></section>`;
}

function summary(run: RunReport): string {
  const counts = countOutcomes(run.cases);
  const bad = run.cases.filter(isBad).length;
  const passed = counts.get("passed") ?? 0;
  return `<span class="${bad === 0 ? "good" : "bad"}">${passed} of ${run.cases.length - (counts.get("not applicable") ?? 0)}</span>`;
}

function suiteRows(suite: string, runs: readonly RunReport[]): string {
  const rows = new Map<string, CaseReport>();
  for (const run of runs) {
    for (const each of run.cases) if (each.suite === suite) rows.set(each.name, each);
  }
  const lines = [...rows.values()].map((row) => caseRow(row, runs));
  return `<tbody><tr class="suite"><th scope="rowgroup" colspan="${runs.length + 2}">${escapeHtml(suite)}</th></tr>
${lines.join("\n")}</tbody>`;
}

function caseRow(row: CaseReport, runs: readonly RunReport[]): string {
  const cells = runs.map((run, column) =>
    cell(
      run.cases.find((each) => pathOf(each) === pathOf(row)),
      column,
    ),
  );
  const level = row.level === "MUST" ? "" : ` <small>${row.level}</small>`;
  return `<tr><th scope="row" class="case">${escapeHtml(row.name)}${level}</th><td class="clauses">${row.clauses.join(" ")}</td>${cells.join("")}</tr>`;
}

const symbols = {
  passed: "&#10003;",
  failed: "&#10007;",
  "known failure": "&#8776;",
  "unexpected pass": "!",
  "not applicable": "&#8211;",
} as const;

function cell(report: CaseReport | undefined, column: number): string {
  if (report === undefined) return `<td class="absent"></td>`;
  const id = detailId(report, column);
  const kind = report.outcome.replace(" ", "-");
  return `<td><button class="${kind}" data-detail="${id}" title="${report.outcome}">${symbols[report.outcome]}</button></td>`;
}

function detail(
  run: RunReport,
  column: number,
  report: CaseReport,
  clauses: ReadonlyMap<string, Clause>,
): string {
  const cited = report.clauses.map((id) => {
    return `<dt>${id}</dt><dd>${escapeHtml(clauses.get(id)?.text ?? "")}</dd>`;
  });
  const reason =
    report.reason === "" ? "" : `<pre class="reason">${escapeHtml(report.reason)}</pre>`;
  const trace =
    report.trace.length === 0
      ? ""
      : `<h4>Frames</h4><pre>${escapeHtml(formatTrace(report.trace).join("\n"))}</pre>`;
  return `<article id="${detailId(report, column)}"><h3>${escapeHtml(pathOf(report))}</h3>
<p>${escapeHtml(run.subject.name)}: ${report.outcome}, ${report.durationMs.toFixed(0)} ms</p>
${reason}<dl>${cited.join("")}</dl>${trace}</article>`;
}

function detailId(report: CaseReport, column: number): string {
  return `d${column}-${pathOf(report).replace(/[^a-z0-9]+/gi, "-")}`;
}
