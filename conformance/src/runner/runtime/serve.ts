import { nextEvent, stepMs } from "../events.js";
import { respond, sendMessages, welcome } from "./actions.js";
import { expectInvocation } from "./expect-invocation.js";
import type { RuntimeCase, ServerSession } from "./runtime-case.js";

/** The function types of function servers that the runtime dials. */
export const dialledType = "conformance.dialled/@main";

/** Takes Hello, and offers one function type. */
export async function greet(
  testCase: RuntimeCase,
  session: ServerSession,
  typeName: string,
): Promise<void> {
  await nextEvent(session, ["hello"], 2 * stepMs);
  await welcome(testCase, session, { functions: [{ type_name: typeName }] });
}

/** The stream works: a message to an address of its type is invoked there. */
export async function expectService(testCase: RuntimeCase, typeName: string): Promise<void> {
  const id = "@a";
  const message = { id, type: typeName, text: "x", typename: "t/t", with: {} };
  await sendMessages(testCase, [message]);
  await expectInvocation(testCase, {
    as: "a",
    id,
    texts: ["x"],
    with: {},
    withinMs: 2 * stepMs,
  });
  await respond(testCase, [{ to: "a", states: {}, with: {} }]);
}
