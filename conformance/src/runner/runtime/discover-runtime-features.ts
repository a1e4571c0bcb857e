import { formatTrace } from "../../report/format-trace.js";
import type { Runtime } from "../../subject/runtime.js";
import { SubjectError } from "../../subject/subject-process.js";
import { Trace } from "../../wire/trace.js";
import { CaseFailure } from "../case-failure.js";
import { nextEvent, stepMs } from "../events.js";
import { RuntimeCase } from "./runtime-case.js";

/** What a runtime may offer, in the words of RUNTIME.md. */
export const runtimeFeatures = ["leases", "lazy-state", "parked-list", "dial"] as const;

/** What the runtime offers, by its Hello and by whether it lists what is parked. */
export async function discoverRuntimeFeatures(runtime: Runtime): Promise<ReadonlySet<string>> {
  const trace = new Trace();
  const probing = new RuntimeCase(runtime, trace, { prefix: "probe", startAs: undefined });
  try {
    const session = probing.attach("probe");
    const { fields } = await nextEvent(session, ["hello"], stepMs);
    const found = new Set((fields["features"] ?? []) as readonly string[]);
    const { status } = await runtime.call("Admin", "ListParked", {});
    if (status !== "UNIMPLEMENTED") found.add("parked-list");
    return found;
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    const frames = formatTrace(trace.entries).join("\n");
    throw new SubjectError(
      `the runtime shakes no hands: ${error.message}\n${frames}\n${runtime.process.output}`,
    );
  } finally {
    await probing.close();
  }
}
