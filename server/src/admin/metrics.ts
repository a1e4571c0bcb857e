import type { Registry } from "prom-client";
import { latencyBounds } from "../core/function-type.js";
import { Histogram } from "../core/histogram.js";
import type { HistogramDefinition, Labelled } from "./metrics-registry.js";
import type { NodeView } from "./node-view.js";

/** What one epoch was, for the histograms of commits. */
export interface CommitObservation {
  /** From sealing until it is durable. */
  readonly durationMs: number;
  readonly changes: number;
  readonly bytes: number;
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

/** Of Metrics.text(). */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Everything that /metrics shows. Counters and gauges are read from the node when somebody asks;
 * only what the core does not count is told as it happens, by the observe functions.
 */
export class Metrics {
  readonly #view: NodeView;
  readonly #commit = new Histogram(histogramTable.commit.bounds);
  readonly #epochChanges = new Histogram(histogramTable.epochChanges.bounds);
  readonly #epochBytes = new Histogram(histogramTable.epochBytes.bounds);
  readonly #fold = new Histogram(histogramTable.fold.bounds);
  #registry: Promise<Registry> | null = null;

  constructor(view: NodeView) {
    this.#view = view;
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

  /** All of it, in Prometheus' text format. */
  async text(): Promise<string> {
    this.#registry ??= this.#createRegistry();
    return (await this.#registry).metrics();
  }

  /** The library is loaded when somebody asks first. */
  async #createRegistry(): Promise<Registry> {
    const { createRegistry } = await import("./metrics-registry.js");
    const latencies = () =>
      [...this.#view.functionTypes()].map(
        ({ name, latency }) => [{ function: name }, latency] as const,
      );
    const { invocation, commit, epochChanges, epochBytes, fold } = histogramTable;
    const single = (histogram: Histogram) => (): readonly Labelled[] => [[{}, histogram]];
    return createRegistry(this.#view, [
      [invocation, latencies],
      [commit, single(this.#commit)],
      [epochChanges, single(this.#epochChanges)],
      [epochBytes, single(this.#epochBytes)],
      [fold, single(this.#fold)],
    ]);
  }
}
