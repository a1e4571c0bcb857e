import type { CST, Document } from "yaml";
import { isAlias, isMap, isNode, isScalar, isSeq } from "yaml";

/** Of lists and maps in one another. What reads YAML recurses; nothing that is meant goes so deep. */
const nestingMax = 100;

/** In one document: looking one up takes the library as long as the document is. */
const aliasesMax = 1000;

/** What is wrong, and where it begins in the text. */
export interface YamlProblem {
  readonly offset: number;
  readonly message: string;
}

/** The first value that is nested too deep. Without recursion, before anything recurses. */
export function findTooDeep(tokens: readonly CST.Token[]): YamlProblem | undefined {
  const open = tokens.map((token): { token: CST.Token; depth: number } => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > nestingMax) {
      return { offset: token.offset, message: `nested deeper than ${nestingMax} levels` };
    }
    if (token.type === "document" && token.value !== undefined) {
      open.push({ token: token.value, depth });
    }
    if (!("items" in token)) continue;
    for (const { key, value } of token.items) {
      for (const inner of [key, value]) {
        if (inner !== undefined && inner !== null) open.push({ token: inner, depth: depth + 1 });
      }
    }
  }
  return undefined;
}

/**
 * Keys that a map has twice, and values that hold themselves by an alias. The library finds the first
 * by comparing each with each, and makes endless objects of the second.
 */
export function findWrongNodes(document: Document.Parsed): YamlProblem[] {
  const problems: YamlProblem[] = [];
  visit(document.contents, { problems, anchors: new Map(), aliases: { count: 0 }, around: [] });
  return problems;
}

interface Visit {
  readonly problems: YamlProblem[];
  /** The latest of each name so far: it is what an alias means. */
  readonly anchors: Map<string, unknown>;
  readonly aliases: { count: number };
  /** The lists and maps that the node is in. */
  readonly around: readonly unknown[];
}

function visit(node: unknown, { problems, anchors, aliases, around }: Visit): void {
  const inside = { problems, anchors, aliases, around: [...around, node] };
  if (isAlias(node)) {
    if (++inside.aliases.count === aliasesMax + 1) {
      problems.push({ offset: node.range?.[0] ?? 0, message: `more than ${aliasesMax} aliases` });
    }
    if (around.includes(anchors.get(node.source))) {
      problems.push({ offset: node.range?.[0] ?? 0, message: `*${node.source} holds itself` });
    }
    return;
  }
  if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  if (isSeq(node)) {
    for (const item of node.items) visit(item, inside);
  } else if (isMap(node)) {
    const keys = new Set<string>();
    for (const { key, value } of node.items) {
      visit(key, inside);
      visit(value, inside);
      if (!isScalar(key)) continue;
      const name = String(key.value);
      if (keys.has(name)) {
        problems.push({ offset: key.range?.[0] ?? 0, message: "Map keys must be unique" });
      }
      keys.add(name);
    }
  }
}
