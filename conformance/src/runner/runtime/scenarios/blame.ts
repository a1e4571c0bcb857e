import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { sendMessages, welcome } from "../actions.js";
import type { RuntimeCase, ServerSession } from "../runtime-case.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";

/**
 * Results of one address break a clause, again and again, while another one is in flight: nothing of
 * that is held against the other. [ERROR-8]
 */
export const blamesTheBreaker: RuntimeScenario = async (
  testCase,
  { breaker, bystander, times },
) => {
  const message = { type: "conformance/@main", typename: "t/t", text: "x", with: {} };
  for (const id of [breaker, bystander])
    await sendMessages(testCase, [{ ...message, id: String(id) }]);
  for (let round = 0; round < Number(times); round++) {
    const session = await attach(testCase, `round-${round}`);
    const beside = await unblamed(session, String(bystander));
    const broken = await invocationOf(session, String(breaker));
    // The breaker may be parked by now: then the bystander itself loses no more streams.
    if (broken === undefined) return complete(session, beside);
    const result = { invocation_id: broken, state_changes: [{ state: 99 }] };
    await session.stream.send({ results: { results: [result] } });
    await nextEvent(session, ["error"], stepMs);
    await nextEvent(session, ["end"], stepMs);
  }
  const session = await attach(testCase, "last");
  await complete(session, await unblamed(session, String(bystander)));
};

async function attach(testCase: RuntimeCase, name: string): Promise<ServerSession> {
  const session = testCase.attach(name);
  await nextEvent(session, ["hello"], stepMs);
  await welcome(testCase, session, {});
  return session;
}

/** The bystander is invoked, and no attempt at it has been counted. */
async function unblamed(session: ServerSession, id: string): Promise<number> {
  const { fields } = await nextEvent(session, ["invocation"], 2 * stepMs, (event) => {
    return event.fields["id"] === id;
  });
  const attempt = Number(fields["attempt"] ?? 0);
  if (attempt !== 0) throw new CaseFailure(`attempt of ${id}: expected 0, received ${attempt}`);
  return Number(fields["invocation_id"]);
}

/** The id of an address's invocation; undefined when none comes. */
async function invocationOf(session: ServerSession, id: string): Promise<number | undefined> {
  const event = await session.stream.events.takeWithin(stepMs, ({ kind, fields }) => {
    return kind === "invocation" && fields["id"] === id;
  });
  return event === undefined ? undefined : Number(event.fields["invocation_id"]);
}

function complete(session: ServerSession, invocation: number): Promise<void> {
  return session.stream.send({ results: { results: [{ invocation_id: invocation }] } });
}
