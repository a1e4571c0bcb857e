import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/**
 * What one measurement of a series found. The name of a figure ends in its unit: `perSecond`, `Ms`,
 * `Us` (microseconds), `Bytes`, `Percent`; a name without one is a count.
 */
export type Figures = Readonly<Record<string, number>>;

/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Collects durations; percentiles are exact to three digits. */
export class LatencyRecorder {
  readonly #histogram: RecordableHistogram = createHistogram({ figures: 3 });

  /** Adds a duration in nanoseconds, as the difference of two process.hrtime.bigint(). */
  record(durationNs: bigint): void {
    this.#histogram.record(durationNs > 0n ? durationNs : 1n);
  }

  /** Adds a duration in milliseconds, as the difference of two performance.now(). */
  recordMs(durationMs: number): void {
    this.#histogram.record(Math.max(1, Math.round(durationMs * 1e6)));
  }

  /** The percentiles; none before the first duration. */
  figures(): Figures {
    if (this.#histogram.count === 0) return {};
    return {
      p50Ms: this.#histogram.percentile(50) / 1e6,
      p99Ms: this.#histogram.percentile(99) / 1e6,
    };
  }
}
