import type { Fields } from "../protocol/protocol.js";

/** One thing that happened on a stream. */
export interface TraceEntry {
  /** Milliseconds since the case began. */
  readonly atMs: number;
  /** The stream's name within its case. */
  readonly stream: string;
  readonly direction: "sent" | "received" | "note";
  /** The frame, or a sentence. */
  readonly what: Fields | string;
}

/** Entries that a trace holds; a flood of frames keeps its beginning and its end. */
const entriesMax = 400;

/** What happened in a case, in order, for people who look for the first difference. */
export class Trace {
  readonly #startedMs = performance.now();
  readonly #head: TraceEntry[] = [];
  readonly #tail: TraceEntry[] = [];
  #dropped = 0;

  add(stream: string, direction: TraceEntry["direction"], what: Fields | string): void {
    const entry = { atMs: performance.now() - this.#startedMs, stream, direction, what };
    if (this.#head.length < entriesMax / 2) {
      this.#head.push(entry);
      return;
    }
    this.#tail.push(entry);
    if (this.#tail.length <= entriesMax / 2) return;
    this.#tail.shift();
    this.#dropped++;
  }

  /** The entries that were kept. */
  get entries(): readonly TraceEntry[] {
    if (this.#dropped === 0) return [...this.#head, ...this.#tail];
    const [next] = this.#tail;
    const gap: TraceEntry = {
      atMs: next?.atMs ?? 0,
      stream: "",
      direction: "note",
      what: `${this.#dropped} more frames`,
    };
    return [...this.#head, gap, ...this.#tail];
  }
}
