import type { Fields } from "../../protocol/protocol.js";
import type { Data } from "../../suite/data.js";
import type { InvocationStep } from "../../suite/sdk-schema.js";
import { CaseFailure } from "../case-failure.js";
import { show } from "../match.js";
import { toFields } from "../values.js";
import type { SdkSession } from "./sdk-case.js";

/** The invocations of a step in one frame. */
export function invocationFrame(
  session: SdkSession,
  step: { readonly invoke: InvocationStep | readonly InvocationStep[]; readonly batch?: unknown },
): Fields {
  const steps = [step.invoke].flat() as readonly InvocationStep[];
  const batch = toFields((step.batch ?? {}) as { [key: string]: Data }, session.variables);
  return { invocations: { ...batch, invocations: steps.map((each) => invocation(session, each)) } };
}

function invocation(session: SdkSession, step: InvocationStep): Fields {
  const { variables } = session;
  const id = session.nextInvocation++;
  const type = variables.get(step.type);
  if (type === undefined)
    throw new CaseFailure(`the table has no ${step.type}: ${show(session.welcome)}`);
  variables.set(step.as, id);
  return {
    invocation_id: id,
    type,
    id: step.id,
    inputs: step.inputs.map((input) => inputFields(input, session)),
    states: stateFields(step, session),
    ...toFields(step.with, variables),
  };
}

function inputFields(input: Data, { variables }: SdkSession): Fields {
  const fields = Array.isArray(input) ? { value: { commands: input } } : input;
  const { commands, ...rest } = fields as { [key: string]: Data };
  const value = commands === undefined ? {} : { value: { commands } };
  return toFields({ typename: "conformance/commands", ...value, ...rest }, variables);
}

function stateFields(step: InvocationStep, { variables }: SdkSession): readonly Fields[] {
  return Object.entries(step.states).map(([name, value]) => {
    const state = variables.get(step.type === "interpreter" ? name : `${step.type}.${name}`);
    if (state === undefined)
      throw new CaseFailure(`the table has no state ${name} of ${step.type}`);
    return toFields({ state, value }, variables);
  });
}
