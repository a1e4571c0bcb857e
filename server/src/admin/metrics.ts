import { Counter, Gauge, type Metric, Registry } from "prom-client";
import { latencyBounds } from "../core/function-type.js";
import { Histogram } from "../core/histogram.js";
import { type MetricDefinition, metricTable } from "./metric-table.js";
import type { NodeView } from "./node-view.js";

/** What one epoch was, for the histograms of commits. */
export interface CommitObservation {
  /** From sealing until it is durable. */
  readonly durationMs: number;
  readonly changes: number;
  readonly bytes: number;
}

interface HistogramDefinition {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly bounds: readonly number[];
}

const commitBounds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
];
const countBounds = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536];
const bytesBounds = countBounds.map((count) => count * 256);

/** The histograms, in the order of docs/METRICS.md. */
export const histogramTable = {
  invocation: {
    name: "statewire_function_invocation_seconds",
    help: "From handing a batch to a function server until its result, failed attempts included.",
    labels: ["function"],
    bounds: latencyBounds,
  },
  commit: {
    name: "statewire_commit_seconds",
    help: "From sealing an epoch until it is durable.",
    labels: [],
    bounds: commitBounds,
  },
  epochChanges: {
    name: "statewire_epoch_changes",
    help: "Net changes in one epoch.",
    labels: [],
    bounds: countBounds,
  },
  epochBytes: {
    name: "statewire_epoch_bytes",
    help: "Bytes that one epoch adds to the journal.",
    labels: [],
    bounds: bytesBounds,
  },
  fold: {
    name: "statewire_fold_seconds",
    help: "Time of one fold of epochs into the tables.",
    labels: [],
    bounds: latencyBounds,
  },
} as const satisfies Record<string, HistogramDefinition>;

/**
 * Everything that /metrics shows. Counters and gauges are read from the node when somebody asks;
 * only what the core does not count is told as it happens, by the observe functions.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #commit = new Histogram(histogramTable.commit.bounds);
  readonly #epochChanges = new Histogram(histogramTable.epochChanges.bounds);
  readonly #epochBytes = new Histogram(histogramTable.epochBytes.bounds);
  readonly #fold = new Histogram(histogramTable.fold.bounds);

  constructor(view: NodeView) {
    const single = (histogram: Histogram) => () => [[{}, histogram]] as const;
    for (const definition of metricTable) register(this.#registry, definition, view);
    registerHistogram(this.#registry, histogramTable.invocation, () =>
      [...view.functionTypes()].map(({ name, latency }) => [{ function: name }, latency] as const),
    );
    registerHistogram(this.#registry, histogramTable.commit, single(this.#commit));
    registerHistogram(this.#registry, histogramTable.epochChanges, single(this.#epochChanges));
    registerHistogram(this.#registry, histogramTable.epochBytes, single(this.#epochBytes));
    registerHistogram(this.#registry, histogramTable.fold, single(this.#fold));
  }

  /** An epoch is durable. */
  observeCommit(commit: CommitObservation): void {
    this.#commit.observe(commit.durationMs / 1000);
    this.#epochChanges.observe(commit.changes);
    this.#epochBytes.observe(commit.bytes);
  }

  /** A fold has ended. */
  observeFold(durationMs: number): void {
    this.#fold.observe(durationMs / 1000);
  }

  /** The content type of text(). */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of it, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
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

type Labelled = readonly [labels: Readonly<Record<string, string>>, histogram: Histogram];

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
