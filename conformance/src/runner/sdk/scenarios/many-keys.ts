import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, payloadBytes } from "../../events.js";
import type { Scenario } from "../scenarios.js";
import type { SdkSession } from "../sdk-case.js";

/** Invocations in one frame. */
const frameInvocations = 64;

/**
 * `keys` addresses on one stream, each invoked `rounds` times with the state that the kit keeps;
 * every result has to be that of its own address.
 */
export const manyKeys: Scenario = async (testCase, parameters) => {
  const { session } = testCase;
  const keys = Number(parameters["keys"]);
  const rounds = Number(parameters["rounds"]);
  const texts = new Map<number, string>();
  for (let round = 0; round < rounds; round++) {
    for (let first = 0; first < keys; first += frameInvocations) {
      const last = Math.min(keys, first + frameInvocations);
      const keyOf = new Map<number, number>();
      const invocations: Fields[] = [];
      for (let key = first; key < last; key++) {
        const id = session.nextInvocation++;
        keyOf.set(id, key);
        invocations.push(invocation(session, { id, key, round, text: texts.get(key) }));
      }
      await session.stream.send({ invocations: { invocations } });
      await takeResults(session, keyOf, (key, text) => texts.set(key, text));
    }
  }
  for (let key = 0; key < keys; key++) {
    const text = texts.get(key);
    if (text !== `${key}/${rounds - 1}`) throw new CaseFailure(`key ${key} ended as ${text}`);
  }
};

function invocation(
  session: SdkSession,
  { id, key, round, text }: { id: number; key: number; round: number; text: string | undefined },
): Fields {
  const state = session.variables.get("value") ?? 0;
  const commands = [{ op: "set", state: "value", text: `${key}/${round}` }];
  return {
    invocation_id: id,
    type: session.variables.get("interpreter"),
    id: `key-${key}`,
    inputs: [{ typename: "conformance/commands", value: Buffer.from(JSON.stringify(commands)) }],
    states: text === undefined ? [] : [{ state, value: Buffer.from(text) }],
  };
}

async function takeResults(
  session: SdkSession,
  keyOf: Map<number, number>,
  keep: (key: number, text: string) => void,
): Promise<void> {
  let bytes = 0;
  while (keyOf.size > 0) {
    const { fields } = await nextEvent(session, ["result"], 5000);
    const id = Number(fields["invocation_id"]);
    const key = keyOf.get(id);
    if (key === undefined) throw new CaseFailure(`a result of invocation ${id}, which is not out`);
    keyOf.delete(id);
    const [change] = (fields["state_changes"] ?? []) as readonly Fields[];
    keep(key, String(change?.["value"]));
    bytes += payloadBytes(fields);
  }
  await session.stream.send({ credit: { bytes } });
}
