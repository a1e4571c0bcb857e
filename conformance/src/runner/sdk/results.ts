import type { Fields } from "../../protocol/protocol.js";
import type { ResultStep } from "../../suite/sdk-schema.js";
import type { StreamEvent } from "../../wire/event.js";
import { CaseFailure } from "../case-failure.js";
import { nextEvent, payloadBytes, stepMs } from "../events.js";
import { matchResult } from "../result-match.js";
import { CaseError, toFields } from "../values.js";
import type { SdkSession } from "./sdk-case.js";

/** Waits for the results, which may come in any order, and compares them. */
export async function expectResults(
  session: SdkSession,
  results: readonly ResultStep[],
): Promise<void> {
  for (const expected of results) {
    const id = session.variables.get(expected.of);
    if (id === undefined) throw new CaseError(`no invocation ${expected.of}`);
    const event = await nextResult(session, id, expected);
    session.lastResult = event.fields;
    if (session.returnsCredit) await returnCredit(session, event.fields);
    const found = matchResult(expected, event.fields, session.variables);
    if (found !== undefined) throw new CaseFailure(`result of ${expected.of}: ${found}`);
  }
}

/** The result of an invocation, after the state that its server asks for where a step has it. */
async function nextResult(
  session: SdkSession,
  id: number,
  { ifAsked, withinMs = stepMs }: ResultStep,
): Promise<StreamEvent> {
  const isOf = ({ fields }: StreamEvent) => (fields["invocation_id"] ?? 0) === id;
  if (ifAsked === undefined) return nextEvent(session, ["result"], withinMs, isOf);
  const event = await nextEvent(session, ["result", "state_request"], withinMs, isOf);
  if (event.kind === "result") return event;
  const states = Object.entries(ifAsked).map(([name, value]) => {
    return toFields({ state: `$${name}`, value }, session.variables);
  });
  await session.stream.send({ state_reply: { invocation_id: id, states } });
  return nextEvent(session, ["result"], withinMs, isOf);
}

/** Gives back what the result took of the credit. */
async function returnCredit({ stream }: SdkSession, result: Fields): Promise<void> {
  const bytes = payloadBytes(result);
  if (bytes > 0) await stream.send({ credit: { bytes } });
}
