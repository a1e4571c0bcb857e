import { distance } from "fastest-levenshtein";

/** Further away, a name is another one, however long it is. */
const changesMax = 4;

/** The least letters that one name must share with the beginning of another to be meant by it. */
const stemLettersMin = 4;

/** No name is as long, and comparing takes time. */
const lengthMax = 200;

/**
 * The name that was most likely meant, or undefined when none is near: a few letters would have to
 * change (at most a third of them, in short names a half), or one begins with the other. What all
 * the names begin with counts for nothing, since everybody gets that right.
 */
export function nearestName(written: string, names: Iterable<string>): string | undefined {
  if (written.length > lengthMax) return undefined;
  const known = [...names];
  const shared = sharedStart(known);
  const skipped = written.startsWith(shared) ? shared.length : 0;
  const wanted = written.slice(skipped).toLowerCase();
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of known) {
    const candidate = name.slice(skipped).toLowerCase();
    const changes = changesBetween(wanted, candidate);
    if (changes < least && (isNear(changes, wanted, candidate) || isStem(wanted, candidate))) {
      nearest = name;
      least = changes;
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

/** Letters in another order are one slip of the fingers. */
function changesBetween(wanted: string, candidate: string): number {
  const letters = (name: string) => [...name].sort().join("");
  const changes = distance(wanted, candidate);
  return changes > 1 && letters(wanted) === letters(candidate) ? 1 : changes;
}

function isNear(changes: number, wanted: string, candidate: string): boolean {
  const letters = Math.min(wanted.length, candidate.length);
  const share = letters < 6 ? Math.floor(letters / 2) : Math.ceil(letters / 3);
  return changes <= Math.min(share, changesMax);
}

function isStem(wanted: string, candidate: string): boolean {
  const [short, long] =
    wanted.length < candidate.length ? [wanted, candidate] : [candidate, wanted];
  return short.length >= stemLettersMin && long.startsWith(short);
}

function sharedStart([first = "", ...others]: readonly string[]): string {
  if (others.length === 0) return "";
  let length = first.length;
  for (const name of others) {
    while (!name.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}
