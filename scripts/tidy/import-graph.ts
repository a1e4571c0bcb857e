import { posix } from "node:path";
import { sourcesOf, type Workspace } from "./workspace.js";

export interface Import {
  readonly from: string;
  /** As written. */
  readonly specifier: string;
  /** The file it names, when that is in the workspace. */
  readonly target: string | null;
  /** Only types: nothing is left of it at run time. */
  readonly typeOnly: boolean;
}

const statement =
  /^[ \t]*(?:import|export)\s+(?:(type)\s+)?([\w*{][^;"'`()=]*?)\s+from\s+"([^"]+)"|^[ \t]*import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

/** Every import and re-export of every source file. */
export function readImports(workspace: Workspace): readonly Import[] {
  return sourcesOf(workspace).flatMap((from) => importsOf(workspace, from));
}

/** The imports of one file. */
export function importsOf(workspace: Workspace, from: string): readonly Import[] {
  const text = workspace.get(from) ?? "";
  return [...text.matchAll(statement)].map((match) => {
    const specifier = match[3] ?? match[4] ?? match[5] ?? "";
    return {
      from,
      specifier,
      target: resolveImport(workspace, from, specifier),
      typeOnly: match[1] === "type" || namesOnlyTypes(match[2] ?? ""),
    };
  });
}

/** The source file that a relative specifier names; compiled paths lead back to their source. */
export function resolveImport(
  workspace: Workspace,
  from: string,
  specifier: string,
): string | null {
  if (!specifier.startsWith(".")) return null;
  const path = posix.join(posix.dirname(from), specifier).replace(/(^|\/)dist\//, "$1");
  return [path, path.replace(/\.js$/, ".ts")].find((name) => workspace.has(name)) ?? null;
}

/** Groups of files that import each other at run time, each in order of path. */
export function findCycles(imports: readonly Import[]): readonly (readonly string[])[] {
  const edges = new Map<string, string[]>();
  for (const { from, target, typeOnly } of imports) {
    if (target === null || typeOnly) continue;
    edges.set(from, [...(edges.get(from) ?? []), target]);
  }
  const reach = new Map([...edges.keys()].map((from) => [from, reachable(edges, [from])]));
  const groups = new Map<string, readonly string[]>();
  for (const [from, targets] of reach) {
    const group = [...targets].filter((target) => reach.get(target)?.has(from) === true).sort();
    if (group.length > 0) groups.set(group.join(" "), group);
  }
  return [...groups.values()];
}

/** Everything that can be reached from the starts by one step or more. */
export function reachable(
  edges: ReadonlyMap<string, readonly string[]>,
  starts: readonly string[],
): ReadonlySet<string> {
  const seen = new Set<string>();
  const pending = starts.flatMap((start) => edges.get(start) ?? []);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    pending.push(...(edges.get(next) ?? []));
  }
  return seen;
}

function namesOnlyTypes(clause: string): boolean {
  const names = /^\s*\{([^}]*)\}/.exec(clause)?.[1];
  if (names === undefined) return false;
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .every((name) => name.startsWith("type "));
}
