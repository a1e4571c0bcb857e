import type { Fields } from "../../protocol/protocol.js";
import type { ExpectedInvocation } from "../../suite/runtime-schema.js";
import { CaseFailure } from "../case-failure.js";
import { nextEvent, stepMs } from "../events.js";
import { mismatch, show } from "../match.js";
import { substitute } from "../values.js";
import type { RuntimeCase, ServerSession } from "./runtime-case.js";

/** The next invocation of an address has to come, and to be as a step says. */
export async function expectInvocation(
  testCase: RuntimeCase,
  expected: ExpectedInvocation,
): Promise<void> {
  const { session } = testCase;
  const id = testCase.own(expected.id);
  const event = await nextEvent(
    session,
    ["invocation"],
    expected.withinMs ?? stepMs,
    ({ fields }) => {
      return (fields["id"] ?? "") === id;
    },
  );
  const afterMs = performance.now() - testCase.stepBeforeMs;
  if (afterMs < (expected.notBeforeMs ?? 0)) {
    throw new CaseFailure(
      `invocation of ${id}: expected not before ${expected.notBeforeMs} ms, received after ${afterMs.toFixed(0)} ms`,
    );
  }
  const { fields } = event;
  testCase.received.set(expected.as, {
    id: Number(fields["invocation_id"] ?? 0),
    stream: session.stream.name,
    fields,
  });
  session.variables.set(expected.as, Number(fields["invocation_id"] ?? 0));
  const found = difference(testCase, session, expected, fields);
  if (found !== undefined) throw new CaseFailure(`invocation of ${id}: ${found}`);
}

function difference(
  testCase: RuntimeCase,
  session: ServerSession,
  expected: ExpectedInvocation,
  fields: Fields,
): string | undefined {
  return (
    textsDifference(expected, fields) ??
    (expected.inputs === undefined
      ? undefined
      : mismatch(
          substitute(testCase.own(expected.inputs), session.variables),
          fields["inputs"],
          "inputs",
        )) ??
    statesDifference(session, expected, fields) ??
    leaseDifference(testCase, expected, fields) ??
    mismatch(substitute(testCase.own(expected.with), session.variables), fields, "invocation")
  );
}

function textsDifference({ texts }: ExpectedInvocation, fields: Fields): string | undefined {
  if (texts === undefined) return undefined;
  const inputs = (fields["inputs"] ?? []) as readonly Fields[];
  const found = inputs.map((input) => {
    return Buffer.isBuffer(input["value"]) ? input["value"].toString() : null;
  });
  return show(found) === show(texts)
    ? undefined
    : `inputs: expected ${show(texts)}, received ${show(found)}`;
}

function statesDifference(
  { variables }: ServerSession,
  { states }: ExpectedInvocation,
  fields: Fields,
): string | undefined {
  if (states === undefined) return undefined;
  if (Number(fields["lease"] ?? 0) !== 0) return "expected states, received a lease";
  const listed = new Map<number, unknown>();
  for (const each of (fields["states"] ?? []) as readonly Fields[]) {
    const state = Number(each["state"] ?? 0);
    if (listed.has(state)) return `state ${state} is listed twice`;
    listed.set(state, each["value"]);
  }
  for (const [name, value] of Object.entries(states)) {
    const state = variables.get(name) ?? -1;
    const found = mismatch(value, listed.get(state), `state_changes.${name}`);
    if (found !== undefined) return found.replace("state_changes", "states");
    listed.delete(state);
  }
  return listed.size === 0 ? undefined : `states: not expected: ${[...listed.keys()].join(", ")}`;
}

function leaseDifference(
  testCase: RuntimeCase,
  { lease }: ExpectedInvocation,
  fields: Fields,
): string | undefined {
  if (lease === undefined) return undefined;
  const expected = lease === null ? 0 : testCase.received.get(lease)?.id;
  const found = Number(fields["lease"] ?? 0);
  return found === expected ? undefined : `lease: expected ${expected}, received ${found}`;
}
