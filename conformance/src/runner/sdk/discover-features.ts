import type { Fields } from "../../protocol/protocol.js";
import { formatTrace } from "../../report/format-trace.js";
import type { FunctionServer } from "../../subject/function-server.js";
import { SubjectError } from "../../subject/subject-process.js";
import { Trace } from "../../wire/trace.js";
import { CaseFailure } from "../case-failure.js";
import { nextEvent, stepMs } from "../events.js";
import { helloFields, SdkCase } from "./sdk-case.js";

/** What a function server may offer, in the words of INTERPRETER.md. */
export const sdkFeatures = [
  "leases",
  "lazy-state",
  "wildcard",
  "limits",
  "discover",
  "attach",
] as const;

/**
 * What the function server offers, by its Welcome and by whether it answers Discover.
 *
 * @throws SubjectError when there is no Welcome.
 */
export async function discoverFeatures(server: FunctionServer): Promise<ReadonlySet<string>> {
  const trace = new Trace();
  const probing = new SdkCase(server, trace);
  try {
    const { session } = probing;
    await session.stream.send({ hello: helloFields({}) });
    const { fields: welcome } = await nextEvent(session, ["welcome"], stepMs);
    const names = ((welcome["functions"] ?? []) as readonly Fields[]).map(
      (each) => each["type_name"],
    );
    const found = new Set((welcome["features"] ?? []) as readonly string[]);
    if (names.includes("conformance.any/*")) found.add("wildcard");
    if (names.includes("conformance/limited")) found.add("limits");
    if ((await server.discover({ versions: [1] })).status !== "UNIMPLEMENTED")
      found.add("discover");
    return found;
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    const frames = formatTrace(trace.entries).join("\n");
    throw new SubjectError(
      `the function server shakes no hands: ${error.message}\n${frames}\n${server.process.output}`,
    );
  } finally {
    await probing.close();
  }
}
