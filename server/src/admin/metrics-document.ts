import { metricTable } from "./metric-table.js";
import { histogramTable } from "./metrics.js";

interface Row {
  readonly name: string;
  readonly kind: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** StateFun's metrics of a function type, and what to watch instead. */
const successors: readonly (readonly [statefun: string, statewire: string])[] = [
  ["`in`, `inRate`", "`statewire_function_messages_in_total`, `rate(...)`"],
  ["`outLocal`", "`statewire_function_messages_out_local_total`"],
  ["`outRemote`", "none: one node has no other; all of it is local"],
  ["`outEgress`", "`statewire_function_messages_out_egress_total`"],
  ["`numBlockedAddress`", "`statewire_function_parked_addresses`; no address blocks another"],
  [
    "`inflightAsyncOps`",
    "`statewire_function_in_flight_invocations`, `sum(...)` for the operator's",
  ],
  ["`numBacklog`", "`statewire_function_backlog_messages`"],
  ["`remoteInvocationFailures`", "`statewire_function_failures_total`"],
  ["`remoteInvocationLatency`", "`statewire_function_invocation_seconds`"],
  ["`feedback.produced`", "`sum(statewire_function_messages_out_local_total)`"],
];

/** docs/METRICS.md, from the tables that the metrics themselves are made of. */
export function renderMetricsDocument(): string {
  const rows: Row[] = [
    ...metricTable,
    ...Object.values(histogramTable).map((row) => ({ ...row, kind: "histogram" })),
  ];
  return `# Metrics

\`GET /metrics\` on the HTTP address answers in Prometheus' text format. Counters begin at zero when
the process starts unless they say otherwise; times are in seconds. Nothing here costs anything
while nobody asks, apart from the histograms.

This page is generated: \`UPDATE=1 npx mocha server/dist/test/metrics.test.js\` writes it, and the
same test fails when it is not current.

| metric | kind | labels | meaning |
|---|---|---|---|
${rows.map(renderRow).join("\n")}

## Coming from StateFun

| StateFun, per function type | here |
|---|---|
${successors.map(([from, to]) => `| ${from} | ${to} |`).join("\n")}
`;
}

function renderRow({ name, kind, labels, help }: Row): string {
  const names = labels.map((label) => `\`${label}\``).join(", ");
  return `| \`${name}\` | ${kind} | ${names} | ${help} |`;
}
