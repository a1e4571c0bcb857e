import type { StreamEvent } from "../wire/event.js";
import { CaseFailure } from "./case-failure.js";
import { show } from "./match.js";
import { patienceMs } from "./patience.js";
import type { Session } from "./session.js";

/** How long a step waits for what it expects, unless it says otherwise: see patienceMs(). */
export const stepMs = 3000;

/** The next event of one of the kinds. @throws CaseFailure when another end comes first, or none in time. */
export async function nextEvent(
  session: Session,
  kinds: readonly string[],
  withinMs: number,
  matches: (event: StreamEvent) => boolean = () => true,
): Promise<StreamEvent> {
  const { stream } = session;
  const stopsAt = (each: StreamEvent) =>
    each.kind === "end" || each.kind === "error" || each.kind === "malformed";
  const event = await stream.events.takeWithin(patienceMs(withinMs), (each) => {
    return (kinds.includes(each.kind) && matches(each)) || stopsAt(each);
  });
  if (event === undefined) {
    const rest = stream.events.rest.map((each) => each.kind).join(", ");
    const instead = rest === "" ? "nothing" : rest;
    throw new CaseFailure(`expected ${kinds[0]} within ${withinMs} ms, received ${instead}`);
  }
  if (kinds.includes(event.kind)) return event;
  throw new CaseFailure(`expected ${kinds[0]}, received ${event.kind}: ${show(event.fields)}`);
}

/** The sum of the lengths of all `value` fields. */
export function payloadBytes(fields: unknown): number {
  if (Array.isArray(fields))
    return fields.reduce((sum: number, each) => sum + payloadBytes(each), 0);
  if (fields === null || typeof fields !== "object" || Buffer.isBuffer(fields)) return 0;
  let bytes = 0;
  for (const [key, each] of Object.entries(fields)) {
    bytes += key === "value" && Buffer.isBuffer(each) ? each.length : payloadBytes(each);
  }
  return bytes;
}
