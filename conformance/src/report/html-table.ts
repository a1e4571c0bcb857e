import { escapeHtml } from "./escape-html.js";
import { type CaseReport, pathOf, type RunReport } from "./run-report.js";

/** A run and its place among all runs of the page. */
export interface Column {
  readonly number: number;
  readonly run: RunReport;
  readonly cases: ReadonlyMap<string, CaseReport>;
}

const symbols = {
  passed: "&#10003;",
  failed: "&#10007;",
  "known failure": "&#8776;",
  "unexpected pass": "!",
  "not applicable": "&#8211;",
} as const;

/** The table of one role: implementations as columns, cases as rows, suites as groups. */
export function roleTable(columns: readonly Column[]): string {
  const heads = columns.map(({ run }) => {
    return `<th scope="col" class="subject"><span>${escapeHtml(run.subject.name)}</span></th>`;
  });
  const rows = new Map<string, CaseReport>();
  for (const { run } of columns)
    for (const each of run.cases) if (!rows.has(pathOf(each))) rows.set(pathOf(each), each);
  const suites = [...new Set([...rows.values()].map(({ suite }) => suite))];
  const bodies = suites.map((suite) => {
    const cases = [...rows.values()].filter((each) => each.suite === suite);
    return suiteBody(suite, cases, columns);
  });
  return `<table><thead><tr><th scope="col" class="case">Case</th>${heads.join("")}</tr></thead>
${bodies.join("\n")}</table>`;
}

function suiteBody(
  suite: string,
  cases: readonly CaseReport[],
  columns: readonly Column[],
): string {
  const sums = columns.map((column) => {
    const own = cases.flatMap((each) => column.cases.get(pathOf(each)) ?? []);
    const asked = own.filter(({ outcome }) => outcome !== "not applicable");
    const passed = asked.filter(({ outcome }) => outcome === "passed");
    return `<td>${asked.length === 0 ? "" : `${passed.length}/${asked.length}`}</td>`;
  });
  const rows = cases.map((each) => caseRow(each, columns));
  return `<tbody><tr class="suite"><th scope="rowgroup">${escapeHtml(suite)} <small>${cases.length}</small></th>${sums.join("")}</tr>
${rows.join("\n")}</tbody>`;
}

function caseRow(row: CaseReport, columns: readonly Column[]): string {
  const cells = columns.map((column) => cell(column, column.cases.get(pathOf(row))));
  const level = row.level === "MUST" ? "" : ` <span class="tag">${row.level}</span>`;
  const text = `${pathOf(row)} ${row.clauses.join(" ")} ${row.level}`.toLowerCase();
  return `<tr data-text="${escapeHtml(text)}"><th scope="row" class="case">${escapeHtml(row.name)}${level}<small class="clauses">${row.clauses.join(" ")}</small></th>${cells.join("")}</tr>`;
}

function cell({ number, run }: Column, report: CaseReport | undefined): string {
  if (report === undefined) return "<td></td>";
  const kind = report.outcome.replace(" ", "-") + (report.level === "MAY" ? " may" : "");
  const title = escapeHtml(`${run.subject.name}: ${report.outcome}`);
  return `<td><button class="${kind}" data-cell="${escapeHtml(cellKey(number, report))}" title="${title}" aria-label="${title}">${symbols[report.outcome]}</button></td>`;
}

/** By which a cell is linked to. */
export function cellKey(column: number, report: CaseReport): string {
  return `${column}/${pathOf(report)}`;
}
