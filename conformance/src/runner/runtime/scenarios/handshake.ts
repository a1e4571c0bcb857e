import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { show } from "../../match.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";

/** What HELLO-7, LIMIT-5 and LIMIT-9 ask of Hello; the step before has taken it. */
export const validHello: RuntimeScenario = async (testCase) => {
  const { variables } = testCase.session;
  const frameBytesMax = variables.get("frame_bytes_max") ?? 0;
  const valueBytesMax = variables.get("value_bytes_max") ?? 0;
  if (4 * valueBytesMax > frameBytesMax) {
    throw new CaseFailure(
      `[LIMIT-9] value_bytes_max ${valueBytesMax} of frame_bytes_max ${frameBytesMax}`,
    );
  }
  const hello = testCase.trace.entries.find(
    ({ what }) => typeof what !== "string" && "hello" in what,
  );
  const { versions = [] } = ((hello?.what as Fields | undefined)?.["hello"] ?? {}) as {
    versions?: readonly number[];
  };
  const valid =
    versions.length > 0 &&
    versions.every((each, at) => each > 0 && each < (versions[at - 1] ?? Infinity));
  if (!valid) throw new CaseFailure(`[HELLO-7] versions ${show(versions)}`);
};

/** A frame that is one byte too large ends the stream. [LIMIT-1] */
export const oversizeFrame: RuntimeScenario = async ({ session }) => {
  const bytes = session.variables.get("frame_bytes_max") ?? 0;
  // A results frame with one unknown field that fills it.
  const filler = Buffer.alloc(bytes + 100);
  await session.stream.sendBytes(
    Buffer.concat([header(filler.length), filler]),
    "a frame that is too large",
  );
  const event = await nextEvent(session, ["error", "end"], 2 * stepMs);
  const clause = event.fields["clause"];
  if (
    event.kind === "error" ? clause !== "LIMIT-1" : event.fields["status"] !== "RESOURCE_EXHAUSTED"
  ) {
    throw new CaseFailure(`expected LIMIT-1 or RESOURCE_EXHAUSTED, received ${show(event.fields)}`);
  }
};

/** Tag and length of field 15, length-delimited. */
function header(length: number): Buffer {
  const bytes = [0x7a];
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
