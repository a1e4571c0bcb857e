import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { request, welcome } from "../actions.js";
import type { RuntimeCase } from "../runtime-case.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";

/** So few that none of them is given up before it is answered, however busy the machine is. */
const atOnce = 50;

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
  const { session } = testCase;
  const count = Number(addresses);
  await welcome(testCase, session, {
    window: { invocations: count, bytes: 16_777_216 },
    leased_addresses_max: 4 * count,
  });
  const last = new Map<string, Last>();
  for (let round = 1; round <= Number(rounds); round++) {
    for (let first = 0; first < count; first += atOnce) {
      await sendToSome(testCase, first, Math.min(atOnce, count - first));
      for (let received = first; received < Math.min(first + atOnce, count); received++)
        await answerOne(testCase, last, round);
    }
  }
};

async function sendToSome(testCase: RuntimeCase, first: number, count: number): Promise<void> {
  const sends = Array.from({ length: count }, async (_each, at) => {
    const id = `@many-${first + at}`;
    const step = { id, type: "conformance/@main", typename: "t/t", text: "x", with: {} };
    const { status, details } = await testCase.runtime.call(
      "Ingress",
      "Send",
      request(testCase, step),
    );
    if (status !== "OK")
      throw new CaseFailure(`Send to ${id}: expected OK, received ${status}: ${details}`);
  });
  await Promise.all(sends);
}

async function answerOne(
  { session }: RuntimeCase,
  last: Map<string, Last>,
  round: number,
): Promise<void> {
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
