import type { Data } from "../suite/data.js";

/**
 * Why a value is not what a case expects; undefined: it is. Objects are compared by the keys that
 * are expected, lists in full and in order. `path` says where, in the words of the proto files.
 */
export function mismatch(expected: Data, actual: unknown, path: string): string | undefined {
  if (expected === null) {
    return actual === undefined || actual === null ? undefined : differ(path, "nothing", actual);
  }
  if (Array.isArray(expected)) return listMismatch(expected, actual, path);
  if (Buffer.isBuffer(actual)) return bytesMismatch(expected, actual, path);
  if (typeof expected !== "object") return scalarMismatch(expected, actual, path);
  const object = expected as { readonly [key: string]: Data };
  if ("matches" in object) return textMismatch(String(object["matches"]), actual, path);
  if ("atLeast" in object) return leastMismatch(Number(object["atLeast"]), actual, path);
  if (actual === null || typeof actual !== "object") return differ(path, expected, actual);
  for (const [key, each] of Object.entries(object)) {
    const found = mismatch(each, (actual as { [key: string]: unknown })[key], `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function listMismatch(
  expected: readonly Data[],
  actual: unknown,
  path: string,
): string | undefined {
  const list = Array.isArray(actual) ? (actual as unknown[]) : [];
  if (list.length !== expected.length) {
    return `${path}: expected ${expected.length} entries, received ${list.length}: ${show(list)}`;
  }
  for (const [at, each] of expected.entries()) {
    const found = mismatch(each, list[at], `${path}[${at}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A field that is not set has its default; a value that is absent is not an empty one. [STATE-2] */
function scalarMismatch(expected: Data, actual: unknown, path: string): string | undefined {
  const isValue = path.endsWith(".value") || path.startsWith("state_changes.");
  const isDefault = !isValue && (expected === 0 || expected === "" || expected === false);
  if (actual === expected || (actual === undefined && isDefault)) return undefined;
  return differ(path, expected, actual);
}

function textMismatch(pattern: string, actual: unknown, path: string): string | undefined {
  if (new RegExp(pattern, "s").test(String(actual ?? ""))) return undefined;
  return differ(path, `text that matches /${pattern}/`, actual);
}

function leastMismatch(least: number, actual: unknown, path: string): string | undefined {
  return Number(actual ?? 0) >= least ? undefined : differ(path, `at least ${least}`, actual);
}

function bytesMismatch(expected: Data, actual: Buffer, path: string): string | undefined {
  if (typeof expected === "string") {
    return actual.toString("utf8") === expected ? undefined : differ(path, expected, actual);
  }
  const object = expected as { readonly [key: string]: Data };
  if (typeof object === "object" && "bytes" in object) {
    return actual.length === object["bytes"] ? undefined : differ(path, expected, actual);
  }
  if (typeof object === "object" && "json" in object) {
    return mismatch(object["json"] ?? null, parseJson(actual), path);
  }
  return differ(path, expected, actual);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function differ(path: string, expected: unknown, actual: unknown): string {
  return `${path}: expected ${show(expected)}, received ${show(actual)}`;
}

/** A value on one line, cut where it is long; bytes that are text as text. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value, (_key, each: unknown) => showBytes(each)) ?? String(value);
  return text.length <= 300 ? text : `${text.slice(0, 300)}... (${text.length} characters)`;
}

/** JSON.stringify sees a Buffer after its toJSON. */
function showBytes(value: unknown): unknown {
  const object = value as { type?: unknown; data?: unknown } | null;
  if (typeof object !== "object" || object?.type !== "Buffer") return value;
  const bytes = Buffer.from(object.data as number[]);
  if (bytes.length > 200) return `${bytes.length} bytes`;
  const text = bytes.toString("utf8");
  return /^[\x20-\x7e\n]*$/.test(text) ? text : `hex ${bytes.toString("hex")}`;
}
