import { type KitRole, KitServer } from "../subject/kit-server.js";
import { variables } from "../subject/told.js";
import { Trace } from "../wire/trace.js";
import { CaseFailure } from "./case-failure.js";
import { patienceMs } from "./patience.js";
import type { RunOptions, Selected } from "./run-options.js";
import { startWithin } from "./start-within.js";

/** How long a subject that accepts connections may take until it dials. */
const dialMs = 3000;

/** What the two roles call it when the subject dials the kit. */
const dialling = {
  attach: "runtime",
  dial: "functionServer",
} as const satisfies { readonly [feature: string]: KitRole };

/**
 * Adds the feature of a subject that dials when it is told to. The subject is started for that, which
 * takes time: where no selected case needs the feature it is taken as it was declared.
 */
export async function addDialling<Subject extends { stop(): Promise<void> }>(
  announced: ReadonlySet<string>,
  feature: keyof typeof dialling,
  run: Pick<RunOptions<Subject>, "startAs" | "declared"> & {
    readonly selected: readonly Selected<{ readonly features: readonly string[] }>[];
  },
): Promise<ReadonlySet<string>> {
  const isNeeded = run.selected.some(({ testCase, above }) => {
    return above === "" && testCase.features.includes(feature);
  });
  const isThere = isNeeded
    ? await dials(dialling[feature], run.startAs)
    : run.declared?.has(feature) === true;
  return isThere ? new Set([...announced, feature]) : announced;
}

async function dials<Subject extends { stop(): Promise<void> }>(
  role: KitRole,
  startAs: RunOptions<Subject>["startAs"],
): Promise<boolean> {
  const kit = new KitServer(role, new Trace());
  let subject: Subject | undefined;
  try {
    const environment = { [variables.dial]: await kit.listen() };
    subject = await startWithin(startAs, { environment });
    return (await kit.next(patienceMs(dialMs))) !== undefined;
  } catch (error) {
    // One that ends when it is told so does not dial.
    if (error instanceof CaseFailure) return false;
    throw error;
  } finally {
    kit.close();
    await subject?.stop();
  }
}
