import { distance } from "fastest-levenshtein";

/**
 * The name that was most likely meant, or undefined when none is near: more than a third of the
 * letters, and at least three, would have to change.
 */
export function nearestName(written: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = Math.max(3, Math.ceil(written.length / 3)) + 1;
  for (const name of names) {
    const steps = distance(written.toLowerCase(), name.toLowerCase());
    if (steps < nearestDistance && steps < name.length) {
      nearest = name;
      nearestDistance = steps;
    }
  }
  return nearest;
}

/** `; did you mean "address"?` or, when nothing is near, `; valid: "a", "b"`. */
export function suggestName(written: string, names: readonly string[]): string {
  const nearest = nearestName(written, names);
  if (nearest !== undefined) return `; did you mean ${JSON.stringify(nearest)}?`;
  return `; valid: ${names.map((name) => JSON.stringify(name)).join(", ")}`;
}
