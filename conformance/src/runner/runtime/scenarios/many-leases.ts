import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { request, welcome } from "../actions.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";

/** The last invocation of an address. */
interface Last {
  readonly invocation: number;
  readonly ruledOut: boolean;
}

/**
 * A message to each of many addresses, several times over. A lease names the last invocation of its
 * address, and never one that came with no_lease; without a lease the state is there. [LEASE-12]
 */
export const manyLeases: RuntimeScenario = async (testCase, { addresses, rounds }) => {
  const { session, runtime } = testCase;
  const count = Number(addresses);
  await welcome(testCase, session, {
    window: { invocations: count, bytes: 16_777_216 },
    leased_addresses_max: 4 * count,
  });
  const last = new Map<string, Last>();
  for (let round = 1; round <= Number(rounds); round++) {
    const sends = Array.from({ length: count }, (_each, at) => {
      const step = { id: `@many-${at}`, type: "conformance/@main", typename: "t/t", with: {} };
      return runtime.call("Ingress", "Send", request(testCase, { ...step, text: "x" }));
    });
    for (let received = 0; received < count; received++) {
      const { fields } = await nextEvent(session, ["invocation"], 3 * stepMs);
      const id = String(fields["id"]);
      checkLease(fields, last.get(id));
      const invocation = Number(fields["invocation_id"]);
      last.set(id, { invocation, ruledOut: fields["no_lease"] === true });
      const state_changes = [{ state: 0, value: Buffer.from(String(round)) }];
      await session.stream.send({
        results: { results: [{ invocation_id: invocation, state_changes }] },
      });
    }
    await Promise.all(sends);
  }
};

function checkLease(fields: Fields, last: Last | undefined): void {
  const lease = Number(fields["lease"] ?? 0);
  const id = String(fields["id"]);
  if (lease === 0) {
    const states = (fields["states"] ?? []) as readonly Fields[];
    if (last !== undefined && states.length === 0)
      throw new CaseFailure(`[STATE-1] neither a lease nor the state of ${id}`);
    return;
  }
  if (last === undefined || last.invocation !== lease)
    throw new CaseFailure(`[LEASE-1] ${id} was last invoked as ${last?.invocation}, not ${lease}`);
  if (last.ruledOut) throw new CaseFailure(`[LEASE-12] ${lease} of ${id} came with no_lease`);
}
