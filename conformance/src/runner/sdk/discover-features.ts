import type { Fields } from "../../protocol/protocol.js";
import type { FunctionServer } from "../../subject/function-server.js";
import { Trace } from "../../wire/trace.js";
import { nextEvent, stepMs } from "../events.js";
import { helloFields, SdkCase } from "./sdk-case.js";

/** What a function server may offer, in the words of INTERPRETER.md. */
export const sdkFeatures = ["leases", "lazy-state", "wildcard", "limits", "discover"] as const;

/**
 * What the function server offers, by its Welcome and by whether it answers Discover.
 *
 * @throws CaseFailure when there is no Welcome.
 */
export async function discoverFeatures(server: FunctionServer): Promise<ReadonlySet<string>> {
  const probing = new SdkCase(server, new Trace());
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
  } finally {
    probing.close();
  }
}
