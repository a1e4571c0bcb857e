import { relative, sep } from "node:path";

/** When in a step a process dies: before it, in the middle of what it writes, or after it. */
export type Phase = "before" | "within" | "after";

/**
 * A file in the folder of a node, without what differs from run to run: "journal/journal-*". Null: it
 * is elsewhere.
 */
export function placeOf(path: string, root: string): string | null {
  const place = relative(root, path);
  if (place === "") return ".";
  if (place.startsWith("..")) return null;
  const names = place.split(sep).map((name) => name.replace(varying, "*"));
  return names.join("/").replace(/\*([-.]\*)+/g, "*");
}

/** Ids and hashes, numbers. */
const varying = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,}|\d+/g;

/** The name of a point at which a process can be made to die: "before write journal/journal-*". */
export function pointName(phase: Phase, step: string): string {
  return `${phase} ${step}`;
}
