import type { SdkStep } from "../../suite/sdk-schema.js";
import { CaseFailure } from "../case-failure.js";
import { stepMs } from "../events.js";
import { mismatch } from "../match.js";
import { patienceMs } from "../patience.js";
import { expectClause, expectEnd, expectFrame, expectQuiet } from "../stream-steps.js";
import { CaseError, hexBytes, toFields } from "../values.js";
import { expectAlive, greet } from "./greet.js";
import { invocationFrame } from "./invoke.js";
import { expectResults } from "./results.js";
import { scenarios } from "./scenarios.js";
import type { SdkCase, SdkSession } from "./sdk-case.js";

/** Runs one step. @throws CaseFailure when the subject did not do what it expects. */
export async function runStep(testCase: SdkCase, step: SdkStep): Promise<void> {
  if ("open" in step) testCase.open(step.open);
  else if ("on" in step) testCase.select(step.on);
  else if ("scenario" in step) await runScenario(testCase, step);
  else if ("discover" in step) await discover(testCase, step);
  else if ("signal" in step) testCase.server.process.kill(step.signal);
  else if ("exit" in step) await expectExit(testCase, step.exit);
  else if ("printed" in step) await expectPrinted(testCase, step.printed);
  else await runStreamStep(testCase.session, step);
}

async function runStreamStep(session: SdkSession, step: SdkStep): Promise<void> {
  const { stream, variables } = session;
  if ("hello" in step) await greet(session, step.hello);
  else if ("send" in step) await stream.send(toFields(step.send, variables));
  else if ("bytes" in step) await stream.sendBytes(hexBytes(step.bytes), step.about);
  else if ("invoke" in step) await stream.send(invocationFrame(session, step));
  else if ("result" in step) await expectResults(session, [step.result].flat());
  else if ("expect" in step) await expectFrame(session, step.expect, step.withinMs ?? stepMs);
  else if ("error" in step) await expectProtocolError(session, [step.error].flat());
  else if ("end" in step) await expectEnd(session, [step.end].flat(), step.withinMs);
  else if ("quietMs" in step) await expectQuiet(session, step.quietMs, permitted);
  else if ("credit" in step) await stream.send({ credit: { bytes: step.credit } });
  else if ("drain" in step) await stream.send({ drain: { reason: step.drain } });
  else if ("halfClose" in step) stream.halfClose();
  else if ("cut" in step) stream.cancel();
  else if ("alive" in step) await expectAlive(session);
}

/** What a server may send at any time. */
const permitted: ReadonlySet<string> = new Set(["window"]);

/** The clause, then the end of the call. [ERROR-5] */
async function expectProtocolError(session: SdkSession, clauses: readonly string[]): Promise<void> {
  await expectClause(session, clauses);
  await expectEnd(session, ["INVALID_ARGUMENT"]);
}

async function discover(
  testCase: SdkCase,
  step: Extract<SdkStep, { discover: unknown }>,
): Promise<void> {
  const answer = await testCase.server.discover(toFields(step.discover, new Map()));
  const expected = step.status ?? "OK";
  if (answer.status !== expected) {
    throw new CaseFailure(
      `Discover: expected ${expected}, received ${answer.status}: ${answer.details}`,
    );
  }
  const found = mismatch(step.answer ?? {}, answer.fields, "welcome");
  if (found !== undefined) throw new CaseFailure(`Discover: ${found}`);
}

async function expectExit({ server }: SdkCase, how: string): Promise<void> {
  const found = await server.process.exitWithin(patienceMs(stepMs * 3));
  if (found !== how)
    throw new CaseFailure(`the process: expected ${how}, received ${found ?? "no exit"}`);
}

/** What people see of it: the process says something on standard output or error. */
async function expectPrinted({ server }: SdkCase, pattern: string): Promise<void> {
  const regular = new RegExp(pattern, "s");
  if (await server.process.printedWithin(patienceMs(stepMs), (output) => regular.test(output)))
    return;
  throw new CaseFailure(
    `expected output that matches /${pattern}/, received ${server.process.output}`,
  );
}

async function runScenario(
  testCase: SdkCase,
  step: Extract<SdkStep, { scenario: string }>,
): Promise<void> {
  const scenario = scenarios[step.scenario];
  if (scenario === undefined) throw new CaseError(`no scenario ${step.scenario}`);
  await scenario(testCase, step.with);
}
