import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { sendMessages, welcome } from "../actions.js";
import { expectInvocation } from "../expect-invocation.js";
import type { RuntimeCase } from "../runtime-case.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";

/** A state's value of one byte too many. */
export const oversizeValue: RuntimeScenario = (testCase, { to }) => {
  const bytes = (testCase.session.variables.get("value_bytes_max") ?? 0) + 1;
  return answer(testCase, String(to), {
    state_changes: [{ state: 0, value: Buffer.alloc(bytes) }],
  });
};

/** A send to an id of one byte too many. */
export const longId: RuntimeScenario = (testCase, { to }) => {
  const bytes = (testCase.session.variables.get("id_bytes_max") ?? 0) + 1;
  return answer(testCase, String(to), {
    sends: [{ type: 1, id: "x".repeat(bytes), typename: "t/t" }],
  });
};

/** One effect too many. */
export const manyEffects: RuntimeScenario = (testCase, { to }) => {
  const count = (testCase.session.variables.get("effects_max") ?? 0) + 1;
  const sends = Array.from({ length: count }, () => ({ type: 1, id: "x", typename: "t/t" }));
  return answer(testCase, String(to), { sends });
};

/** Fails every attempt; each counts one more, and the last is followed by none. */
export const failsUntilParked: RuntimeScenario = async (testCase, { id, attempts }) => {
  for (let attempt = 0; attempt < Number(attempts); attempt++) {
    await expectInvocation(testCase, {
      as: "a",
      id: String(id),
      with: { attempt },
      withinMs: 2 * stepMs,
    });
    await answer(testCase, "a", {
      failure: { code: "CODE_FUNCTION", message: "no", retryable: true },
    });
  }
};

/** Fails with codes that speak of the server; no attempt is counted, and the input is completed. */
export const failsUncounted: RuntimeScenario = async (testCase, { id, times }) => {
  for (let at = 0; at < Number(times); at++) {
    await expectInvocation(testCase, {
      as: "a",
      id: String(id),
      with: { attempt: 0 },
      withinMs: 2 * stepMs,
    });
    const code = at % 2 === 0 ? "CODE_OVERLOADED" : "CODE_UNKNOWN_FUNCTION";
    await answer(testCase, "a", { failure: { code, message: "busy", retryable: true } });
  }
  await expectInvocation(testCase, { as: "a", id: String(id), with: {}, withinMs: 2 * stepMs });
  await answer(testCase, "a", {});
};

/** The streams that get the input are lost, one after the other; then one is open that is not. */
export const killsItsServer: RuntimeScenario = async (testCase, { id, times }) => {
  await welcome(testCase, testCase.session, {});
  for (let at = 0; at < Number(times); at++) {
    const { session } = testCase;
    await nextEvent(session, ["invocation"], 2 * stepMs, ({ fields }) => fields["id"] === id);
    session.stream.cancel();
    const again = testCase.attach(`again-${at}`);
    await nextEvent(again, ["hello"], stepMs);
    await welcome(testCase, again, {});
  }
};

/** More payload than the opening credit passes when the runtime gives credit back. [CREDIT-5] */
export const creditComesBack: RuntimeScenario = async (testCase) => {
  const { session } = testCase;
  const opening = session.variables.get("result_credit_bytes") ?? 0;
  const bytes = session.variables.get("value_bytes_max") ?? 1;
  let balance = opening;
  let sent = 0;
  while (sent < 1.5 * opening) {
    await invokeWith(testCase, { state: 0, value: Buffer.alloc(bytes) }, async () => {
      while (balance <= 0) balance += await nextCredit(testCase);
      balance -= bytes;
    });
    sent += bytes;
    for (let credit = takeCredit(testCase); credit > 0; credit = takeCredit(testCase))
      balance += credit;
  }
};

const message = { type: "conformance/@main", typename: "t/t", text: "x", with: {} };

async function invokeWith(
  testCase: RuntimeCase,
  change: Fields,
  before: () => Promise<void>,
): Promise<void> {
  await sendMessages(testCase, [{ ...message, id: "@a" }]);
  await expectInvocation(testCase, { as: "a", id: "@a", with: {} });
  await before();
  await answer(testCase, "a", { state_changes: [change] });
}

async function nextCredit({ session }: RuntimeCase): Promise<number> {
  const event = await session.stream.events.takeWithin(2 * stepMs, ({ kind, fields }) => {
    return kind === "credit" || (kind === "batch" && fields["result_credit_bytes"] !== undefined);
  });
  if (event === undefined) throw new CaseFailure(`no credit came back within ${2 * stepMs} ms`);
  return creditOf(event.fields);
}

function takeCredit({ session }: RuntimeCase): number {
  const event = session.stream.events.take(({ kind, fields }) => {
    return kind === "credit" || (kind === "batch" && fields["result_credit_bytes"] !== undefined);
  });
  return event === undefined ? 0 : creditOf(event.fields);
}

function creditOf(fields: Fields): number {
  return Number(fields["bytes"] ?? fields["result_credit_bytes"] ?? 0);
}

async function answer(testCase: RuntimeCase, to: string, result: Fields): Promise<void> {
  const id = testCase.received.get(to)?.id;
  await testCase.session.stream.send({ results: { results: [{ invocation_id: id, ...result }] } });
}
