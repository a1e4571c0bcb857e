import type { Data } from "../suite/data.js";
import { CaseFailure } from "./case-failure.js";
import { nextEvent, stepMs } from "./events.js";
import { mismatch, show } from "./match.js";
import type { Session } from "./session.js";
import { substitute } from "./values.js";

/** A frame, or a part of one, that has to come. */
export async function expectFrame(
  session: Session,
  expected: { readonly [key: string]: Data },
  withinMs: number,
): Promise<void> {
  const [kind = ""] = Object.keys(expected);
  const event = await nextEvent(session, [kind], withinMs);
  const data = substitute(expected[kind] ?? {}, session.variables);
  const found = mismatch(data, event.fields, kind);
  if (found !== undefined) throw new CaseFailure(found);
}

/** ProtocolError with one of the clauses. [ERROR-1] */
export async function expectClause(session: Session, clauses: readonly string[]): Promise<void> {
  const { fields } = await nextEvent(session, ["error"], stepMs);
  const clause = String(fields["clause"] ?? "");
  if (clauses.includes(clause)) return;
  const message = String(fields["message"] ?? "");
  throw new CaseFailure(
    `protocol error: expected ${clauses.join(" or ")}, received ${clause}: ${message}`,
  );
}

/** The end of the call, with one of the statuses. */
export async function expectEnd(
  session: Session,
  statuses: readonly string[],
  withinMs: number = stepMs,
): Promise<void> {
  const { fields } = await nextEvent(session, ["end"], withinMs);
  const status = String(fields["status"]);
  if (statuses.includes(status)) return;
  throw new CaseFailure(
    `end of stream: expected ${statuses.join(" or ")}, received ${status}: ${fields["details"]}`,
  );
}

/** Nothing comes but what may come at any time. */
export async function expectQuiet(
  session: Session,
  quietMs: number,
  permitted: ReadonlySet<string>,
): Promise<void> {
  const event = await session.stream.events.takeWithin(quietMs, ({ kind }) => !permitted.has(kind));
  if (event === undefined) return;
  throw new CaseFailure(
    `expected nothing for ${quietMs} ms, received ${event.kind} ${show(event.fields)}`,
  );
}
