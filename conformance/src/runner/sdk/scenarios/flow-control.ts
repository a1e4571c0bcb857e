import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import type { Scenario } from "../scenarios.js";
import type { SdkSession } from "../sdk-case.js";

/** Invocations in one frame. */
const frameInvocations = 256;

/** A window that is larger is not filled: the case would need too much memory. */
const windowMax = { invocations: 1_000_000, bytes: 1024 * 1024 * 1024 };

/** Results return no credit by themselves any more. */
export const ownCredit: Scenario = async ({ session }) => {
  session.returnsCredit = false;
};

/** The window of Welcome, or one that follows it, lets the runtime send. */
export const openWindow: Scenario = async ({ session }) => {
  const window = (session.welcome["window"] ?? {}) as Fields;
  const isOpen = Number(window["invocations"] ?? 0) > 0 && Number(window["bytes"] ?? 0) > 0;
  if (!isOpen) await nextEvent(session, ["window"], stepMs);
};

/** While the balance is above 0 one more result may come, and no more. [CREDIT-4] */
export const creditOfMany: Scenario = async ({ session }, parameters) => {
  const count = Number(parameters["invocations"]);
  const bytes = Number(parameters["bytes"]);
  let balance = Number(parameters["credit"]);
  const commands = [{ op: "egress", zeros: bytes }];
  await send(
    session,
    Array.from({ length: count }, (_each, at) => ({ id: `c${at}`, commands })),
  );
  for (let received = 0; received < count; ) {
    while (balance > 0 && received < count) {
      await nextEvent(session, ["result"], stepMs);
      balance -= bytes;
      received++;
    }
    const extra = await session.stream.events.takeWithin(100, ({ kind }) => kind === "result");
    if (extra !== undefined) throw new CaseFailure(`a result at a balance of ${balance}`);
    const credit = received < 6 ? 1 - balance : count * bytes;
    await session.stream.send({ credit: { bytes: credit } });
    balance += credit;
  }
};

/** One more invocation in flight than the window has. [CREDIT-6] */
export const overfillInvocations: Scenario = async ({ session }) => {
  const { invocations } = windowOf(session);
  const commands = [{ op: "sleep", ms: 25_000 }];
  const all = Array.from({ length: invocations + 1 }, (_each, at) => ({ id: `w${at}`, commands }));
  for (let first = 0; first < all.length; first += frameInvocations) {
    await send(session, all.slice(first, first + frameInvocations));
  }
};

/** One more invocation when the bytes of the window are in flight. [CREDIT-7] */
export const overfillBytes: Scenario = async ({ session }) => {
  const { bytes } = windowOf(session);
  const valueBytes = 1_000_000;
  const states = [{ state: session.variables.get("value"), value: Buffer.alloc(valueBytes) }];
  const commands = [{ op: "sleep", ms: 25_000 }];
  for (let at = 0; at * valueBytes <= bytes + valueBytes; at++) {
    await send(session, [{ id: `w${at}`, commands, states }]);
  }
};

/** Results wait for a peer that does not read, and all come when it does. */
export const slowReader: Scenario = async ({ session }) => {
  const count = 500;
  const commands = [{ op: "egress", zeros: 20_000 }];
  const all = Array.from({ length: count }, (_each, at) => ({ id: `s${at}`, commands }));
  session.stream.pause();
  await send(session, all);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  session.stream.resume();
  for (let received = 0; received < count; received++) await nextEvent(session, ["result"], 10_000);
};

function windowOf(session: SdkSession): { invocations: number; bytes: number } {
  const window = (session.welcome["window"] ?? {}) as Fields;
  const invocations = Number(window["invocations"] ?? 0);
  const bytes = Number(window["bytes"] ?? 0);
  if (invocations > windowMax.invocations || bytes > windowMax.bytes) {
    throw new CaseFailure(
      `a window of ${invocations} invocations and ${bytes} bytes is too large to be tested`,
    );
  }
  return { invocations, bytes };
}

function send(
  session: SdkSession,
  list: readonly { id: string; commands: readonly unknown[]; states?: readonly Fields[] }[],
): Promise<void> {
  const invocations = list.map(({ id, commands, states = [] }) => ({
    invocation_id: session.nextInvocation++,
    type: session.variables.get("interpreter"),
    id,
    states,
    inputs: [{ typename: "conformance/commands", value: Buffer.from(JSON.stringify(commands)) }],
  }));
  return session.stream.send({ invocations: { invocations } });
}
