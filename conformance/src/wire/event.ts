import type { Fields } from "../protocol/protocol.js";

/**
 * What the other side did, taken out of its frames: a frame of three results is three events. So a
 * case says what must come, not how it is cut into frames.
 */
export interface StreamEvent {
  /** The field of the frame's oneof, or "result" or "invocation" for one of a batch, or "end". */
  readonly kind: string;
  readonly fields: Fields;
}

/** The events of one frame. */
export function eventsOf(frame: Fields): StreamEvent[] {
  const [kind] = Object.keys(frame);
  if (kind === undefined) return [{ kind: "nothing", fields: {} }];
  const fields = (frame[kind] ?? {}) as Fields;
  if (kind === "results") return listOf(fields["results"]).map((each) => event("result", each));
  if (kind !== "invocations") return [event(kind, fields)];
  const { invocations, ...rest } = fields;
  const batch = Object.keys(rest).length === 0 ? [] : [event("batch", rest)];
  return [...batch, ...listOf(invocations).map((each) => event("invocation", each))];
}

function event(kind: string, fields: Fields): StreamEvent {
  return { kind, fields };
}

function listOf(value: unknown): readonly Fields[] {
  return (value ?? []) as readonly Fields[];
}
