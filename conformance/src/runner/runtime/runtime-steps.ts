import type { Fields } from "../../protocol/protocol.js";
import type { Data } from "../../suite/data.js";
import type { ExpectedInvocation, MessageStep, RuntimeStep } from "../../suite/runtime-schema.js";
import { CaseFailure } from "../case-failure.js";
import { nextEvent, stepMs } from "../events.js";
import { mismatch, show } from "../match.js";
import { patienceMs } from "../patience.js";
import { expectClause, expectEnd, expectFrame, expectQuiet } from "../stream-steps.js";
import { CaseError, hexBytes, toFields } from "../values.js";
import { request, respond, sendMessages, welcome } from "./actions.js";
import { expectInvocation } from "./expect-invocation.js";
import type { RuntimeCase, ServerSession } from "./runtime-case.js";
import { runtimeScenarios } from "./runtime-scenarios.js";

/** What a runtime may send at any time. */
export const permitted: ReadonlySet<string> = new Set(["credit", "batch"]);

/** Runs one step. @throws CaseFailure when the subject did not do what it expects. */
export async function runRuntimeStep(testCase: RuntimeCase, step: RuntimeStep): Promise<void> {
  const startedMs = performance.now();
  if ("attach" in step) await attach(testCase, step);
  else if ("on" in step) testCase.select(step.on);
  else if ("message" in step) await sendMessages(testCase, [step.message].flat());
  else if ("refused" in step) await expectRefused(testCase, step.refused, [step.status].flat());
  else if ("call" in step) call(testCase, step.call);
  else if ("reply" in step) await expectReply(testCase, step.reply);
  else if ("records" in step) await expectRecords(testCase, step.records, step.withinMs ?? stepMs);
  else if ("parked" in step) await expectParked(testCase, step.parked, step.type);
  else if ("restart" in step) await testCase.runtime.restart(step.restart);
  else if ("scenario" in step) await runScenario(testCase, step);
  else await runStreamStep(testCase, step);
  testCase.stepBeforeMs = startedMs;
}

async function runStreamStep(testCase: RuntimeCase, step: RuntimeStep): Promise<void> {
  const { session } = testCase;
  const { stream } = session;
  if ("welcome" in step) await welcome(testCase, session, step.welcome);
  else if ("invocation" in step) await expectInvocations(testCase, [step.invocation].flat());
  else if ("respond" in step) await respond(testCase, [step.respond].flat());
  else if ("send" in step) await stream.send(toFields(testCase.own(step.send), session.variables));
  else if ("bytes" in step) await stream.sendBytes(hexBytes(step.bytes), step.about);
  else if ("expect" in step)
    await expectFrame(session, testCase.own(step.expect), step.withinMs ?? stepMs);
  else if ("error" in step) await expectProtocolError(session, [step.error].flat());
  else if ("end" in step) await expectEnd(session, [step.end].flat(), step.withinMs);
  else if ("quietMs" in step) await expectQuiet(session, step.quietMs, permitted);
  else if ("halfClose" in step) stream.halfClose();
  else if ("cut" in step) stream.cancel();
}

/** The runtime is the gRPC server of this stream: it ends the call itself. [ERROR-5] */
async function expectProtocolError(
  session: ServerSession,
  clauses: readonly string[],
): Promise<void> {
  await expectClause(session, clauses);
  await expectEnd(session, ["INVALID_ARGUMENT"]);
}

async function attach(
  testCase: RuntimeCase,
  step: Extract<RuntimeStep, { attach: string }>,
): Promise<void> {
  const session = testCase.attach(step.attach);
  const { fields } = await nextEvent(session, ["hello"], stepMs);
  const found = mismatch(step.hello ?? {}, fields, "hello");
  if (found !== undefined) throw new CaseFailure(found);
  const limits = (fields["limits"] ?? {}) as Fields;
  for (const [name, value] of Object.entries(limits)) session.variables.set(name, Number(value));
}

async function expectRefused(
  testCase: RuntimeCase,
  step: MessageStep,
  statuses: readonly string[],
): Promise<void> {
  const { status, details } = await testCase.runtime.call(
    "Ingress",
    "Send",
    request(testCase, step),
  );
  if (statuses.includes(status)) return;
  throw new CaseFailure(
    `Send to ${step.id}: expected ${statuses.join(" or ")}, received ${status}: ${details}`,
  );
}

function call(testCase: RuntimeCase, step: MessageStep): void {
  if (step.as === undefined) throw new CaseError("a call needs a name: as");
  testCase.calls.set(step.as, testCase.runtime.call("Ingress", "Call", request(testCase, step)));
}

async function expectReply(
  testCase: RuntimeCase,
  step: Extract<RuntimeStep, { reply: unknown }>["reply"],
): Promise<void> {
  const answer = testCase.calls.get(step.of);
  if (answer === undefined) throw new CaseError(`no call ${step.of}`);
  const withinMs = step.withinMs ?? stepMs;
  const timeout = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), patienceMs(withinMs));
  });
  const found = await Promise.race([answer, timeout]);
  if (found === undefined) throw new CaseFailure(`no reply to ${step.of} within ${withinMs} ms`);
  const statuses = [step.status ?? "OK"].flat();
  if (!statuses.includes(found.status)) {
    const expected = statuses.join(" or ");
    throw new CaseFailure(
      `reply to ${step.of}: expected ${expected}, received ${found.status}: ${found.details}`,
    );
  }
  if (step.text === undefined) return;
  const reply = (found.fields["reply"] ?? {}) as Fields;
  const difference = mismatch({ value: step.text }, reply, "reply");
  if (difference !== undefined) throw new CaseFailure(difference);
}

async function expectInvocations(
  testCase: RuntimeCase,
  expected: readonly ExpectedInvocation[],
): Promise<void> {
  for (const each of expected) await expectInvocation(testCase, each);
}

async function expectRecords(
  testCase: RuntimeCase,
  expected: readonly { readonly [key: string]: Data }[],
  withinMs: number,
): Promise<void> {
  const records = await testCase.runtime.records.recordsOf(
    testCase.prefix,
    expected.length,
    patienceMs(withinMs),
  );
  const values = records.map((record) => record["value"] as Fields);
  const found = mismatch(testCase.own(expected), values, "records");
  if (found !== undefined) throw new CaseFailure(found);
}

/** The address is set aside, as the runtime's operators see it. */
async function expectParked(testCase: RuntimeCase, id: string, type?: string): Promise<void> {
  const [namespace = "", name = ""] = testCase.own(type ?? "conformance/@main").split("/");
  const address = { namespace, type: name, id: testCase.own(id) };
  const untilMs = performance.now() + patienceMs(stepMs);
  for (;;) {
    const answer = await testCase.runtime.call("Admin", "GetParked", { address });
    if (answer.status === "OK") return;
    if (performance.now() > untilMs) {
      throw new CaseFailure(`${show(address)} is not parked: ${answer.status} ${answer.details}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function runScenario(
  testCase: RuntimeCase,
  step: Extract<RuntimeStep, { scenario: string }>,
): Promise<void> {
  const scenario = runtimeScenarios[step.scenario];
  if (scenario === undefined) throw new CaseError(`no scenario ${step.scenario}`);
  await scenario(testCase, testCase.own(step.with));
}
