import type { FuzzProgress } from "./fuzz.js";

/** One line on standard error that is written over and over; on a terminal only. */
export class ProgressLine {
  readonly #seconds: number;
  readonly #startedAt = performance.now();
  #shownAt = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  show({ name, seed, inputs }: FuzzProgress): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#shownAt < 100) return;
    this.#shownAt = now;
    const passed = Math.floor((now - this.#startedAt) / 1000);
    const text = `${passed}/${this.#seconds} s  ${name}  ${inputs} inputs  seed ${seed}`;
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }
}
