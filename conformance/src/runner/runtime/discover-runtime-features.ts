import type { Runtime } from "../../subject/runtime.js";
import { Trace } from "../../wire/trace.js";
import { nextEvent, stepMs } from "../events.js";
import { RuntimeCase } from "./runtime-case.js";

/** What a runtime may offer, in the words of RUNTIME.md. */
export const runtimeFeatures = ["leases", "lazy-state", "parked-list"] as const;

/** What the runtime offers, by its Hello and by whether it lists what is parked. */
export async function discoverRuntimeFeatures(runtime: Runtime): Promise<ReadonlySet<string>> {
  const probing = new RuntimeCase(runtime, new Trace(), "probe");
  try {
    const session = probing.attach("probe");
    const { fields } = await nextEvent(session, ["hello"], stepMs);
    const found = new Set((fields["features"] ?? []) as readonly string[]);
    const { status } = await runtime.call("Admin", "ListParked", {});
    if (status !== "UNIMPLEMENTED") found.add("parked-list");
    return found;
  } finally {
    probing.close();
  }
}
