import { readFileSync } from "node:fs";
import { join } from "node:path";
import { protoDirectory } from "@statewire/protos/directory";

/** How much a clause asks for, by RFC 2119: the strongest word that its text has. */
export type Level = "MUST" | "SHOULD" | "MAY";

/** One obligation of PROTOCOL.md. */
export interface Clause {
  /** For example "HELLO-3". */
  readonly id: string;
  readonly level: Level;
  /** The sentences of the clause on one line, without its id. */
  readonly text: string;
}

/** The clauses of PROTOCOL.md, by id, in the order of the page. */
export function readClauses(): ReadonlyMap<string, Clause> {
  return parseClauses(readFileSync(join(protoDirectory, "PROTOCOL.md"), "utf8"));
}

/** As readClauses(), of a page's text. */
export function parseClauses(page: string): ReadonlyMap<string, Clause> {
  const clauses = new Map<string, Clause>();
  for (const piece of page.split(/^(?=- \*\*\[)/m)) {
    const match = /^- \*\*\[([A-Z]+-\d+)\]\*\* ([\s\S]*)/.exec(piece);
    const [, id, rest] = match ?? [];
    if (id === undefined || rest === undefined) continue;
    // A clause ends with its paragraph.
    const [paragraph = ""] = rest.split(/\n\s*\n/);
    const text = paragraph.replace(/\s+/g, " ").trim();
    clauses.set(id, { id, level: levelOf(text), text });
  }
  return clauses;
}

function levelOf(text: string): Level {
  if (/\bMUST\b/.test(text)) return "MUST";
  return /\bSHOULD\b/.test(text) ? "SHOULD" : "MAY";
}
