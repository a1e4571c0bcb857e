import type { Fields } from "../../protocol/protocol.js";
import type { Data } from "../../suite/data.js";
import { CaseFailure } from "../case-failure.js";
import { nextEvent, stepMs } from "../events.js";
import { show } from "../match.js";
import { invocationFrame } from "./invoke.js";
import { expectResults } from "./results.js";
import { helloFields, nameTable, type SdkSession } from "./sdk-case.js";

/** Says Hello, and takes Welcome. */
export async function greet(
  session: SdkSession,
  overrides: { readonly [key: string]: Data },
): Promise<void> {
  const hello = helloFields(overrides);
  await session.stream.send({ hello });
  const { fields } = await nextEvent(session, ["welcome"], stepMs);
  agree(hello, fields);
  nameTable(session, fields);
}

/** The answer stays within what was offered. [HELLO-3] [HELLO-4] */
function agree(hello: Fields, welcome: Fields): void {
  const versions = hello["versions"] as readonly unknown[];
  if (!versions.includes(welcome["version"])) {
    throw new CaseFailure(
      `version: expected one of ${show(versions)}, received ${show(welcome["version"])}`,
    );
  }
  const offered = hello["features"] as readonly string[];
  const features = (welcome["features"] ?? []) as readonly string[];
  const valid =
    new Set(features).size === features.length && features.every((each) => offered.includes(each));
  if (!valid)
    throw new CaseFailure(
      `features: expected some of ${show(offered)}, received ${show(features)}`,
    );
}

/** The stream still works: an invocation goes through. */
export async function expectAlive(session: SdkSession): Promise<void> {
  const as = `alive-${session.nextInvocation}`;
  const probe = { as, type: "interpreter", id: as, inputs: [[]], states: {}, with: {} };
  await session.stream.send(invocationFrame(session, { invoke: probe }));
  await expectResults(session, [{ of: as }]);
}
