import { covers } from "./address.js";
import type { Shard } from "./shard.js";

/** Why a type cannot be served, now or when its servers come: for people; null when it can. */
export function findUnknown(shard: Shard, typeName: string): string | null {
  const declared = shard.options.functions.map((policy) => policy.pattern);
  if (declared.includes(typeName)) return null;
  const served = servedNames(shard);
  if (served.some((pattern) => covers(pattern, typeName))) return null;
  const wildcard = declared.find((pattern) => covers(pattern, typeName));
  // A namespace that no server has answered for yet may still hold the type.
  if (wildcard !== undefined && !served.some((name) => covers(wildcard, name))) return null;
  // A wildcard says nothing beside the names that its servers gave.
  const isRefined = (pattern: string) =>
    pattern.endsWith("/*") && served.some((name) => name !== pattern && covers(pattern, name));
  const unrefined = declared.filter((pattern) => !isRefined(pattern));
  const known = [...new Set([...unrefined, ...served])].sort();
  const list = known.length === 0 ? "none" : known.join(", ");
  return `unknown function type ${typeName}; known: ${list}`;
}

function servedNames(shard: Shard): string[] {
  const names = new Set<string>();
  for (const session of shard.sessions.values()) {
    for (const spec of session.functions) names.add(spec.pattern);
  }
  return [...names];
}
