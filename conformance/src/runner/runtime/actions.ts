import type { Fields } from "../../protocol/protocol.js";
import type { Data } from "../../suite/data.js";
import type { MessageStep, ResponseStep } from "../../suite/runtime-schema.js";
import { CaseFailure } from "../case-failure.js";
import { CaseError, toBytes, toFields } from "../values.js";
import { type RuntimeCase, type ServerSession, welcomeFields } from "./runtime-case.js";

/** Answers Hello, and remembers the indexes that the table gives. */
export async function welcome(
  testCase: RuntimeCase,
  session: ServerSession,
  overrides: { readonly [key: string]: Data },
): Promise<void> {
  const fields = toFields(testCase.own(welcomeFields(overrides)), session.variables);
  session.functions = (fields["functions"] ?? []) as readonly Fields[];
  for (const [at, spec] of session.functions.entries()) {
    session.types.set(at + 1, String(spec["type_name"]));
    const states = (spec["states"] ?? []) as readonly Fields[];
    for (const [index, state] of states.entries()) {
      if (at === 0) session.variables.set(String(state["name"]), index);
    }
  }
  await session.stream.send({ welcome: fields });
}

/** The request of a message: to the ingress, and as a call. */
export function request(testCase: RuntimeCase, step: MessageStep): Fields {
  const { id, type, text, typename, with: more } = testCase.own(step as never) as MessageStep;
  const [namespace = "", name = ""] = type.split("/");
  const value = text === undefined ? {} : { value: toBytes(text) };
  return {
    target: { namespace, type: name, id },
    message: { typename, ...value },
    ...toFields(more, new Map()),
  };
}

/** Sends messages one after the other, each when the one before is acknowledged. */
export async function sendMessages(
  testCase: RuntimeCase,
  steps: readonly MessageStep[],
): Promise<void> {
  for (const step of steps) {
    const message = request(testCase, step);
    testCase.trace.record?.(["Ingress.Send", "called", JSON.stringify(message)]);
    const { status, details } = await testCase.runtime.call("Ingress", "Send", message);
    testCase.trace.add(
      "ingress",
      "note",
      `sent ${step.text ?? "nothing"} to ${step.id}: ${status} ${details}`,
    );
    if (status !== "OK")
      throw new CaseFailure(`Send to ${step.id}: expected OK, received ${status}: ${details}`);
  }
}

/** The results of a step in one frame. */
export async function respond(
  testCase: RuntimeCase,
  steps: readonly ResponseStep[],
): Promise<void> {
  const { session } = testCase;
  const results = steps.map((step) => {
    const received = testCase.received.get(step.to);
    if (received === undefined) throw new CaseError(`no invocation ${step.to} was received`);
    const states = Object.entries(step.states).map(([name, value]) => {
      return toFields({ state: `$${name}`, value }, session.variables);
    });
    return {
      invocation_id: received.id,
      state_changes: states,
      ...toFields(testCase.own(step.with), session.variables),
    };
  });
  await session.stream.send({ results: { results } });
}
