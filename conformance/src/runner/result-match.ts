import type { Fields } from "../protocol/protocol.js";
import type { Data } from "../suite/data.js";
import type { ResultStep } from "../suite/sdk-schema.js";
import { mismatch, show } from "./match.js";
import { substitute, type Variables } from "./values.js";

/** The egress to which the interpreter reports what it saw. */
const observations = "conformance/out";

/** Why a result is not what a step expects; undefined: it is. */
export function matchResult(
  expected: ResultStep,
  actual: Fields,
  variables: Variables,
): string | undefined {
  return (
    matchFailure(expected, actual) ??
    matchStates(expected, actual, variables) ??
    matchList(expected.sends, actual["sends"], "sends", variables) ??
    matchList(expected.timers, actual["timer_changes"], "timer_changes", variables) ??
    matchList(expected.egress, actual["egress_records"], "egress_records", variables) ??
    matchList(expected.replies, actual["replies"], "replies", variables) ??
    matchObservations(expected, actual)
  );
}

function matchFailure(expected: ResultStep, actual: Fields): string | undefined {
  const failure = actual["failure"];
  if (expected.failure !== undefined) return mismatch(expected.failure, failure, "failure");
  return failure === undefined ? undefined : `expected no failure, received ${show(failure)}`;
}

function matchStates(
  expected: ResultStep,
  actual: Fields,
  variables: Variables,
): string | undefined {
  if (expected.states === undefined) return undefined;
  const changes = new Map<number, unknown>();
  for (const change of listOf(actual["state_changes"])) {
    const state = Number(change["state"] ?? 0);
    if (changes.has(state)) return `state_changes: state ${state} is named twice`;
    changes.set(state, change["value"]);
  }
  for (const [name, value] of Object.entries(expected.states)) {
    const state = variables.get(name);
    if (state === undefined || !changes.has(state)) return `state_changes: ${name} is missing`;
    const found = mismatch(value, changes.get(state), `state_changes.${name}`);
    if (found !== undefined) return found;
    changes.delete(state);
  }
  if (changes.size === 0) return undefined;
  return `state_changes: not expected: state ${[...changes.keys()].join(", ")}`;
}

function matchList(
  expected: readonly { readonly [key: string]: Data }[] | undefined,
  actual: unknown,
  path: string,
  variables: Variables,
): string | undefined {
  if (expected === undefined) return undefined;
  return mismatch(substitute(expected, variables), actual ?? [], path);
}

function matchObservations(expected: ResultStep, actual: Fields): string | undefined {
  if (expected.saw === undefined) return undefined;
  const seen = listOf(actual["egress_records"])
    .filter((record) => record["egress"] === observations)
    .map((record) => JSON.parse(String(record["value"] ?? "null")) as unknown);
  return mismatch(expected.saw, seen, "observations");
}

function listOf(value: unknown): readonly Fields[] {
  return (value ?? []) as readonly Fields[];
}
