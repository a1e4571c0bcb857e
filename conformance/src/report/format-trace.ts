import { show } from "../runner/match.js";
import type { TraceEntry } from "../wire/trace.js";

const arrows = { sent: "->", received: "<-", note: "--" } as const;

/** A trace as lines: when, on which stream, which way, what. */
export function formatTrace(entries: readonly TraceEntry[]): string[] {
  return entries.map(({ atMs, stream, direction, what }) => {
    const text = typeof what === "string" ? what : show(what);
    return `${atMs.toFixed(1).padStart(9)} ms  ${stream} ${arrows[direction]} ${text}`;
  });
}
