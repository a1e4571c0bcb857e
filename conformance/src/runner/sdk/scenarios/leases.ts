import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { show } from "../../match.js";
import { matchResult } from "../../result-match.js";
import type { Scenario } from "../scenarios.js";
import type { SdkSession } from "../sdk-case.js";

/** The server may first ask for the lease; then it has to ask for the lazy state. */
export const lazyAfterLease: Scenario = async ({ session }, parameters) => {
  const { variables, stream } = session;
  const of = String(parameters["of"]);
  const text = String(parameters["text"]);
  let request = await nextEvent(session, ["state_request"], stepMs);
  if (request.fields["lease_missing"] === true) {
    await stream.send({
      state_reply: { invocation_id: variables.get(of), states: eagerNone(session) },
    });
    request = await nextEvent(session, ["state_request"], stepMs);
  }
  const lazy = variables.get("lazy");
  if (show(request.fields["states"]) !== show([lazy])) {
    throw new CaseFailure(
      `expected a request for the lazy state, received ${show(request.fields)}`,
    );
  }
  const states = [{ state: lazy, value: Buffer.from(text) }];
  await stream.send({ state_reply: { invocation_id: variables.get(of), states } });
  const { fields } = await nextEvent(session, ["result"], stepMs);
  const found = matchResult({ of, saw: [{ get: "lazy", text }] }, fields, variables);
  if (found !== undefined) throw new CaseFailure(found);
};

function eagerNone({ variables }: SdkSession): readonly Fields[] {
  return ["value", "other", "expiring"].map((name) => ({ state: variables.get(name) }));
}

/** Leases of many addresses: each is held at the right version, or asked for. */
export const manyLeases: Scenario = async ({ session }, parameters) => {
  const count = Number(parameters["addresses"]);
  const leases: number[] = [];
  for (let address = 0; address < count; address++) {
    leases.push(session.nextInvocation);
    await invoke(session, address, [{ op: "set", state: "value", text: `v${address}` }], 0);
    await nextEvent(session, ["result"], stepMs);
  }
  for (const [address, lease] of leases.entries()) {
    const id = session.nextInvocation;
    await invoke(session, address, [{ op: "get", state: "value" }], lease);
    let event = await nextEvent(session, ["result", "state_request"], stepMs);
    if (event.kind === "state_request") {
      const value = { state: session.variables.get("value"), value: Buffer.from(`v${address}`) };
      const [, ...rest] = eagerNone(session);
      await session.stream.send({ state_reply: { invocation_id: id, states: [value, ...rest] } });
      event = await nextEvent(session, ["result"], stepMs);
    }
    const expected = { of: `address ${address}`, saw: [{ get: "value", text: `v${address}` }] };
    const found = matchResult(expected, event.fields, session.variables);
    if (found !== undefined) throw new CaseFailure(found);
  }
};

function invoke(
  session: SdkSession,
  address: number,
  commands: readonly unknown[],
  lease: number,
): Promise<void> {
  const invocation = {
    invocation_id: session.nextInvocation++,
    type: session.variables.get("interpreter"),
    id: `address-${address}`,
    lease,
    inputs: [{ typename: "conformance/commands", value: Buffer.from(JSON.stringify(commands)) }],
  };
  return session.stream.send({ invocations: { invocations: [invocation] } });
}
