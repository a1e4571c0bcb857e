import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { show } from "../../match.js";
import { invocationFrame } from "../invoke.js";
import type { Scenario } from "../scenarios.js";
import type { SdkSession } from "../sdk-case.js";

/** The last result's sends name their targets by an index or by name, never by both. [SEND-1] */
export const sendTargets: Scenario = async ({ session }) => {
  const expected = ["conformance/interpreter", "other/target", "conformance/interpreter"];
  const functions = list(session.welcome["functions"]);
  const names = list(session.lastResult["sends"]).map((send) => {
    const { type = 0, type_name: name = "" } = send;
    if ((type === 0) === (name === "")) throw new CaseFailure(`[SEND-1] ${show(send)}`);
    return type === 0 ? name : functions[Number(type) - 1]?.["type_name"];
  });
  if (show(names) !== show(expected))
    throw new CaseFailure(`expected ${show(expected)}, received ${show(names)}`);
};

/** A failure, or a result without timer changes. */
export const noTimer: Scenario = async ({ session }, parameters) => {
  const result = await resultOf(session, String(parameters["of"]));
  const changes = list(result["timer_changes"]);
  if (changes.length > 0)
    throw new CaseFailure(`expected no timer change, received ${show(changes)}`);
};

/** Tokens of 255 bytes pass, longer ones become a failure. [TIMER-7] */
export const longToken: Scenario = async ({ session }) => {
  for (const length of [255, 256]) {
    const command = { op: "sendAfter", delayMs: 1, token: "t".repeat(length), id: "b", text: "x" };
    const as = `token-${length}`;
    const invoke = { as, type: "interpreter", id: as, inputs: [[command]], states: {}, with: {} };
    await session.stream.send(invocationFrame(session, { invoke }));
    const result = await resultOf(session, as);
    const failed = result["failure"] !== undefined;
    if (failed !== length > 255)
      throw new CaseFailure(`a token of ${length} bytes: ${show(result)}`);
  }
};

/** A failure, or a result with one reply. */
export const oneReplyAtMost: Scenario = async ({ session }, parameters) => {
  const result = await resultOf(session, String(parameters["of"]));
  const replies = list(result["replies"]);
  if (replies.length > 1)
    throw new CaseFailure(`expected one reply at most, received ${show(replies)}`);
};

/** A failure's message has at most 4,096 bytes of valid UTF-8. [FAIL-5] */
export const longFailure: Scenario = async ({ session }) => {
  const command = { op: "fail", message: "ü".repeat(10_000) };
  const invoke = {
    as: "a",
    type: "interpreter",
    id: "a",
    inputs: [[command]],
    states: {},
    with: {},
  };
  await session.stream.send(invocationFrame(session, { invoke }));
  const result = await resultOf(session, "a");
  const message = String((result["failure"] as Fields | undefined)?.["message"] ?? "");
  const bytes = Buffer.byteLength(message);
  if (bytes === 0 || bytes > 4096 || message.includes("\ufffd")) {
    throw new CaseFailure(
      `expected a message of at most 4096 bytes, received ${bytes}: ${show(message)}`,
    );
  }
};

/** No result after the time has passed, except one that says so. [INVOKE-11] */
export const lateResult: Scenario = async ({ session }, parameters) => {
  const id = session.variables.get(String(parameters["of"]));
  const event = await session.stream.events.takeWithin(
    Number(parameters["withinMs"]),
    ({ kind, fields }) => {
      return kind === "result" && fields["invocation_id"] === id;
    },
  );
  const failure = event?.fields["failure"] as Fields | undefined;
  if (event === undefined || failure?.["code"] === "CODE_TIMEOUT") return;
  throw new CaseFailure(`expected none or CODE_TIMEOUT, received ${show(event.fields)}`);
};

async function resultOf(session: SdkSession, of: string): Promise<Fields> {
  const id = session.variables.get(of);
  const event = await nextEvent(
    session,
    ["result"],
    stepMs,
    ({ fields }) => fields["invocation_id"] === id,
  );
  return event.fields;
}

function list(value: unknown): readonly Fields[] {
  return (value ?? []) as readonly Fields[];
}
