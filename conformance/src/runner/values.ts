import type { Fields } from "../protocol/protocol.js";
import type { Data } from "../suite/data.js";

/** Limits that the kit's runtime announces unless a case says otherwise: `$limits`. */
export const defaultLimits = {
  frame_bytes_max: 4_194_304,
  value_bytes_max: 1_048_576,
  id_bytes_max: 512,
  effects_max: 1000,
  result_credit_bytes: 16_777_216,
} as const;

/** What `$name` stands for: indexes of types and states, ids of invocations. */
export type Variables = ReadonlyMap<string, number>;

/** A case says something that cannot be: the kit's fault, not the subject's. */
export class CaseError extends Error {}

/**
 * Turns a suite's data into the fields of a protobuf message: `$name` becomes its number, and a
 * `value`, which is bytes in every message of the protocol, is made from text, {commands}, {zeros} or
 * {hex}.
 *
 * @throws CaseError when a variable is not known.
 */
export function toFields(data: { readonly [key: string]: Data }, variables: Variables): Fields {
  const fields: { [name: string]: unknown } = {};
  for (const [key, each] of Object.entries(data)) {
    if (key === "value" && each !== null) fields[key] = toBytes(each);
    else fields[key] = toField(each, variables);
  }
  return fields;
}

function toField(data: Data, variables: Variables): unknown {
  if (typeof data === "string" && data.startsWith("$")) return lookUp(data, variables);
  if (Array.isArray(data)) return data.map((each: Data) => toField(each, variables));
  if (data !== null && typeof data === "object") {
    const object = data as { readonly [key: string]: Data };
    if ("repeat" in object && typeof object["repeat"] === "string") return expandText(object);
    return toFields(object, variables);
  }
  return data;
}

/** {repeat: "x", times: 300}: a long text. */
function expandText(data: { readonly [key: string]: Data }): string {
  return String(data["repeat"]).repeat(Number(data["times"]));
}

/** `$name`, or `$name+1`. */
function lookUp(text: string, variables: Variables): unknown {
  if (text === "$limits") return defaultLimits;
  const [, name = "", more = "0"] = /^\$([\w.-]+?)(?:\+(\d+))?$/.exec(text) ?? [];
  const found = variables.get(name);
  if (found !== undefined) return found + Number(more);
  throw new CaseError(`${text} is not known; known: ${[...variables.keys()].join(", ")}`);
}

/** Bytes from a suite's description of them. */
export function toBytes(data: Data): Buffer {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  if (data !== null && typeof data === "object" && !Array.isArray(data)) {
    const object = data as { readonly [key: string]: Data };
    if ("commands" in object) return Buffer.from(jsonText(object["commands"]));
    if ("json" in object) return Buffer.from(jsonText(object["json"]));
    if ("zeros" in object) return Buffer.alloc(Number(object["zeros"]));
    if ("hex" in object) return hexBytes(String(object["hex"]));
  }
  throw new CaseError(
    `no bytes: ${JSON.stringify(data)}; text, {commands}, {json}, {zeros} or {hex}`,
  );
}

/** JSON in which {repeat, times} is the long text that it describes. */
function jsonText(data: Data | undefined): string {
  return JSON.stringify(data, (_key, each: unknown) => {
    const object = each as { readonly [key: string]: Data } | null;
    const isLong = typeof object === "object" && object !== null && "repeat" in object;
    return isLong ? expandText(object) : each;
  });
}

/** Bytes of a text like "0a 48 ff". */
export function hexBytes(text: string): Buffer {
  return Buffer.from(text.replace(/\s+/g, ""), "hex");
}

/** Variables in what a case expects. */
export function substitute(data: Data, variables: Variables): Data {
  if (typeof data === "string" && data.startsWith("$")) return variables.get(data.slice(1)) ?? data;
  if (Array.isArray(data)) return data.map((each: Data) => substitute(each, variables));
  if (data === null || typeof data !== "object") return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, each]) => [key, substitute(each, variables)]),
  );
}
