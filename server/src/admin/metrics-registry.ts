import { Counter, Gauge, type Metric, Registry } from "prom-client";
import type { Histogram } from "../core/histogram.js";
import { type MetricDefinition, metricTable } from "./metric-table.js";
import type { NodeView } from "./node-view.js";

export interface HistogramDefinition {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly bounds: readonly number[];
}

export type Labelled = readonly [labels: Readonly<Record<string, string>>, histogram: Histogram];

/** A histogram, and where it is read from. */
export type HistogramSource = readonly [HistogramDefinition, () => readonly Labelled[]];

/** The metrics of a node as prom-client has them: the table's, then the histograms. */
export function createRegistry(view: NodeView, histograms: readonly HistogramSource[]): Registry {
  const registry = new Registry();
  for (const definition of metricTable) register(registry, definition, view);
  for (const [definition, read] of histograms) registerHistogram(registry, definition, read);
  return registry;
}

function register(registry: Registry, definition: MetricDefinition, view: NodeView): void {
  const { name, help, kind, labels, read } = definition;
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  const labelled = (values: readonly string[]): Record<string, string> =>
    Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ""]));
  if (kind === "counter") {
    new Counter({
      ...options,
      collect() {
        this.reset();
        for (const [value, ...values] of read(view)) this.inc(labelled(values), value);
      },
    });
    return;
  }
  new Gauge({
    ...options,
    collect() {
      this.reset();
      for (const [value, ...values] of read(view)) this.set(labelled(values), value);
    },
  });
}

/** prom-client's own histogram hashes labels at each value; ours only meets it when it is read. */
function registerHistogram(
  registry: Registry,
  { name, help, labels: labelNames }: HistogramDefinition,
  histograms: () => readonly Labelled[],
): void {
  const metric = {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    labelNames,
    reset: () => undefined,
    get: () => {
      const values = histograms().flatMap((entry) => samples(name, entry));
      return Promise.resolve({ name, help, type: "histogram", aggregator: "sum", values });
    },
  };
  // A registry asks a metric for no more than this, but its type names the library's own classes.
  registry.registerMetric(metric as unknown as Metric);
}

function samples(name: string, [labels, histogram]: Labelled) {
  const lines = histogram.lines().map(({ le, count }) => ({
    metricName: `${name}_bucket`,
    labels: { le, ...labels },
    value: count,
  }));
  return [
    ...lines,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: histogram.count },
  ];
}
