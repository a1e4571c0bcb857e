/** One line of a histogram as Prometheus reads it: how many values were at most `le`. */
export interface HistogramLine {
  readonly le: number | "+Inf";
  readonly count: number;
}

/**
 * Counts values in buckets. observe() is for the hot path: it finds the bucket, adds two numbers,
 * and allocates nothing; all the rest is done when somebody looks.
 */
export class Histogram {
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds`: the buckets' upper bounds, included, rising. */
  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= (bounds[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** Cumulative, in order of bound. */
  lines(): HistogramLine[] {
    const lines: HistogramLine[] = [];
    let count = 0;
    for (const [index, bound] of this.#bounds.entries()) {
      count += this.#counts[index] ?? 0;
      lines.push({ le: bound, count });
    }
    lines.push({ le: "+Inf", count: this.count });
    return lines;
  }
}
