import type { Fields } from "../protocol/protocol.js";
import type { Recorder } from "./recording.js";

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

/** Entries that the trace of a case keeps that passed: its beginning and its end. */
const summaryMax = 24;

/** Characters of an entry of such a trace. */
const summaryCharacters = 300;

/** What happened in a case, in order, for people who look for the first difference. */
export class Trace {
  /** Takes down what a replay needs; undefined: nobody wants to replay it. */
  readonly record: Recorder | undefined;
  readonly #startedMs = performance.now();
  readonly #head: TraceEntry[] = [];
  readonly #tail: TraceEntry[] = [];
  #dropped = 0;

  constructor(record?: Recorder) {
    this.record = record;
  }

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

  /** What is worth keeping of a case that passed. */
  get summary(): readonly TraceEntry[] {
    const all = this.entries;
    const half = summaryMax / 2;
    const kept = all.length <= summaryMax ? all : [...all.slice(0, half), ...all.slice(-half)];
    return kept.map((entry) => {
      const text = typeof entry.what === "string" ? entry.what : JSON.stringify(entry.what);
      return { ...entry, what: text.slice(0, summaryCharacters) };
    });
  }

  /** The entries that were kept. */
  get entries(): readonly TraceEntry[] {
    const head = this.#head.map(readable);
    const tail = this.#tail.map(readable);
    if (this.#dropped === 0) return [...head, ...tail];
    const [next] = this.#tail;
    const gap: TraceEntry = {
      atMs: next?.atMs ?? 0,
      stream: "",
      direction: "note",
      what: `${this.#dropped} more frames`,
    };
    return [...head, gap, ...tail];
  }
}

/** An entry whose bytes are text, or told by their number: a report is for people. */
function readable(entry: TraceEntry): TraceEntry {
  return { ...entry, what: toReadable(entry.what) as TraceEntry["what"] };
}

/** A value whose bytes are text, or told by their number. */
export function toReadable(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return bytesText(value);
  if (typeof value === "string" && value.length > 400)
    return `${value.slice(0, 400)}... (${value.length} characters)`;
  if (Array.isArray(value))
    return [
      ...value.slice(0, 20).map(toReadable),
      ...(value.length > 20 ? [`${value.length - 20} more`] : []),
    ];
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toReadable(each)]));
}

function bytesText(bytes: Buffer): string {
  if (bytes.length > 200) return `${bytes.length} bytes`;
  const text = bytes.toString("utf8");
  return /^[\x20-\x7e\n]*$/.test(text) ? text : `hex ${bytes.toString("hex")}`;
}
