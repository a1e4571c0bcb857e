import type { Fields } from "../../src/protocol/protocol.js";

/** The frame with its Welcome changed, if it is one; so for the other kinds below. */
export function inWelcome(frame: Fields, change: (welcome: Fields) => Fields): Fields {
  const welcome = frame["welcome"] as Fields | undefined;
  return welcome === undefined ? frame : { welcome: change(welcome) };
}

export function inHello(frame: Fields, change: (hello: Fields) => Fields): Fields {
  const hello = frame["hello"] as Fields | undefined;
  return hello === undefined ? frame : { hello: change(hello) };
}

/** Each result of a batch becomes none, one or more. */
export function inResults(frame: Fields, change: (result: Fields) => readonly Fields[]): Fields {
  const batch = frame["results"] as Fields | undefined;
  return batch === undefined
    ? frame
    : { results: { results: list(batch["results"]).flatMap(change) } };
}

/** Each invocation of a batch becomes none, one or more. */
export function inInvocations(
  frame: Fields,
  change: (invocation: Fields) => Fields | readonly Fields[],
): Fields {
  const batch = frame["invocations"] as Fields | undefined;
  if (batch === undefined) return frame;
  const invocations = list(batch["invocations"]).flatMap((each) => change(each));
  return { invocations: { ...batch, invocations } };
}

/** A repeated field of every result. */
export function changeList(
  frame: Fields,
  name: string,
  change: (entries: readonly Fields[]) => readonly Fields[],
): Fields {
  return inResults(frame, (result) => [{ ...result, [name]: change(list(result[name])) }]);
}

/** Values of zero bytes become absent ones. */
export function withoutEmptyValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyValues);
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return value;
  const kept = Object.entries(value).filter(([key, each]) => {
    return !(key === "value" && Buffer.isBuffer(each) && each.length === 0);
  });
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutEmptyValues(each)]));
}

/** The id of a result or of an invocation. */
export function number(result: Fields): number {
  return Number(result["invocation_id"] ?? 0);
}

export function list(value: unknown): readonly Fields[] {
  return (value ?? []) as readonly Fields[];
}
