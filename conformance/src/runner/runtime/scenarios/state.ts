import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { show } from "../../match.js";
import { sendMessages, welcome } from "../actions.js";
import { expectInvocation } from "../expect-invocation.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";

/** The second reply holds both states, in whatever order, without values. */
export const replyOfTwo: RuntimeScenario = async ({ session }, { of }) => {
  const { fields } = await nextEvent(session, ["state_reply"], stepMs);
  const states = listed(fields);
  const expected = [session.variables.get("value"), session.variables.get("lazy")].sort();
  const found = states.map(({ state = 0 }) => Number(state)).sort();
  const empty = states.every(({ value }) => value === undefined);
  if (
    fields["invocation_id"] !== session.variables.get(String(of)) ||
    show(found) !== show(expected) ||
    !empty
  ) {
    throw new CaseFailure(
      `expected states ${show(expected)} without values, received ${show(fields)}`,
    );
  }
};

/** After lease_missing: every eager state, each once. [LAZY-3] */
export const eagerReply: RuntimeScenario = async ({ session }, { value }) => {
  const { fields } = await nextEvent(session, ["state_reply"], stepMs);
  const states = new Map(listed(fields).map((each) => [Number(each["state"] ?? 0), each["value"]]));
  const valueIndex = session.variables.get("value") ?? -1;
  const otherIndex = session.variables.get("other") ?? -1;
  const right =
    states.size === 2 &&
    String(states.get(valueIndex)) === value &&
    states.has(otherIndex) &&
    states.get(otherIndex) === undefined;
  if (!right) throw new CaseFailure(`expected value and other, received ${show(fields)}`);
};

/** A request for so many lazy states that their values would not fit into a frame. [LAZY-6] */
export const wideStateRequest: RuntimeScenario = async (testCase) => {
  const { session } = testCase;
  const frameBytesMax = session.variables.get("frame_bytes_max") ?? 0;
  const valueBytesMax = session.variables.get("value_bytes_max") ?? 1;
  const count = Math.floor(frameBytesMax / valueBytesMax) + 1;
  const states = Array.from({ length: count }, (_each, at) => {
    return { name: `s${at}`, typename: "t/t", lazy: true };
  });
  await welcome(testCase, session, { functions: [{ type_name: "conformance/@main", states }] });
  await sendMessages(testCase, [
    { id: "@a", type: "conformance/@main", typename: "t/t", text: "x", with: {} },
  ]);
  await expectInvocation(testCase, { as: "a", id: "@a", with: {} });
  const id = testCase.received.get("a")?.id;
  await session.stream.send({
    state_request: { invocation_id: id, states: states.map((_each, at) => at) },
  });
};

/** States of an address that are more than half a frame together. [LIMIT-8] */
export const tooMuchState: RuntimeScenario = async (testCase) => {
  const { session } = testCase;
  const frameBytesMax = session.variables.get("frame_bytes_max") ?? 0;
  const valueBytesMax = session.variables.get("value_bytes_max") ?? 1;
  const count = Math.floor(frameBytesMax / 2 / valueBytesMax) + 1;
  const states = Array.from({ length: count }, (_each, at) => ({
    name: `s${at}`,
    typename: "t/t",
  }));
  await welcome(testCase, session, { functions: [{ type_name: "conformance/@main", states }] });
  for (let at = 0; at < count; at++) {
    await sendMessages(testCase, [
      { id: "@a", type: "conformance/@main", typename: "t/t", text: "x", with: {} },
    ]);
    await expectInvocation(testCase, { as: "a", id: "@a", with: {} });
    const change = { state: at, value: Buffer.alloc(valueBytesMax) };
    const id = testCase.received.get("a")?.id;
    await session.stream.send({
      results: { results: [{ invocation_id: id, state_changes: [change] }] },
    });
  }
};

function listed(fields: Fields): readonly Fields[] {
  return (fields["states"] ?? []) as readonly Fields[];
}
