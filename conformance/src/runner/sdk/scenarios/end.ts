import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { show } from "../../match.js";
import { invocationFrame } from "../invoke.js";
import type { Scenario } from "../scenarios.js";
import { helloFields, nameTable } from "../sdk-case.js";

/** ProtocolError with the clause, whose message holds no value. [ERROR-7] */
export const errorWithout: Scenario = async ({ session }, parameters) => {
  const { fields } = await nextEvent(session, ["error"], stepMs);
  const clause = String(parameters["clause"]);
  if (fields["clause"] !== clause)
    throw new CaseFailure(`expected ${clause}, received ${show(fields)}`);
  if (String(fields["message"]).includes(String(parameters["text"]))) {
    throw new CaseFailure(`the message holds a value: ${show(fields["message"])}`);
  }
};

/** Streams that are lost in the middle of an invocation. */
export const cutStreams: Scenario = async (testCase, parameters) => {
  const count = Number(parameters["streams"]);
  for (let at = 0; at < count; at++) {
    const session = testCase.open(`cut-${at}`);
    await session.stream.send({ hello: helloFields({}) });
    nameTable(session, (await nextEvent(session, ["welcome"], stepMs)).fields);
    const commands = [{ op: "sleep", ms: 5000 }];
    const invoke = {
      as: "a",
      type: "interpreter",
      id: "a",
      inputs: [commands],
      states: {},
      with: {},
    };
    await session.stream.send(invocationFrame(session, { invoke }));
    session.stream.cancel();
  }
};
