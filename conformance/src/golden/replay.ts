import type { Fields } from "../protocol/protocol.js";
import { CaseFailure } from "../runner/case-failure.js";
import { stepMs } from "../runner/events.js";
import { show } from "../runner/match.js";
import { patienceMs } from "../runner/patience.js";
import { eventsOf, type StreamEvent } from "../wire/event.js";
import type { FrameStream } from "../wire/frame-stream.js";
import type { RecordedCase } from "./transcript.js";

/** What a replay needs of the subject. */
export interface ReplayTarget {
  open(stream: string): FrameStream;
  /** What the subject sends, decoded. @throws Error when the bytes are no frame. */
  decode(bytes: Buffer): Fields;
  /** Before a stream is cut: lets the subject take what was sent last. */
  leave(stream: FrameStream): Promise<void>;
  /** A unary call of the other side; resolves to its status. */
  call(service: string, request: string): Promise<string>;
}

/** Fields that are for people, or belong to one build. */
const personal: ReadonlySet<string> = new Set([
  "message",
  "node_id",
  "runtime_version",
  "sdk_version",
  "server_name",
]);

/** Events that may come at any time, in other portions. */
const optional: ReadonlySet<string> = new Set(["credit", "window", "batch"]);

/**
 * Sends what was sent then, in its order, and waits for what came then: the same events, perhaps with
 * more fields, in whatever frames.
 *
 * @throws CaseFailure naming the event that did not come, or came otherwise.
 */
export async function replay(recorded: RecordedCase, target: ReplayTarget): Promise<void> {
  const streams = new Map<string, FrameStream>();
  try {
    for (const [name, what, content] of recorded.lines) {
      if (what === "called") await call(target, name, content);
      else if (what === "opened") streams.set(name, target.open(name));
      else await replayLine(target, streams.get(name), what, content ?? "");
    }
    for (const stream of streams.values()) if (!stream.hasEnded) await target.leave(stream);
  } finally {
    for (const stream of streams.values()) stream.cancel();
  }
}

async function call(target: ReplayTarget, service: string, request: string): Promise<void> {
  const status = await target.call(service, request);
  if (status !== "OK") throw new CaseFailure(`${service}: expected OK, received ${status}`);
}

async function replayLine(
  target: ReplayTarget,
  stream: FrameStream | undefined,
  what: "halfClosed" | "cut" | "sent" | "received" | "ended",
  content: string,
): Promise<void> {
  if (stream === undefined) throw new Error("the transcript opens no such stream");
  const bytes = Buffer.from(content, "base64");
  if (what === "halfClosed") stream.halfClose();
  else if (what === "cut") stream.cancel();
  else if (what === "sent") await stream.sendBytes(bytes, "as recorded");
  else if (what === "ended") await expect(stream, { kind: "end", fields: { status: content } });
  else for (const event of eventsOf(target.decode(bytes))) await expect(stream, event);
}

async function expect(stream: FrameStream, expected: StreamEvent): Promise<void> {
  if (optional.has(expected.kind)) return;
  const isSame = ({ kind, fields }: StreamEvent) => {
    return kind === expected.kind && keyOf(fields) === keyOf(expected.fields);
  };
  const found = await stream.events.takeWithin(patienceMs(stepMs), isSame);
  if (found === undefined) {
    const rest = show(stream.events.rest.map(({ kind, fields }) => [kind, fields]));
    throw new CaseFailure(
      `expected ${expected.kind} ${show(expected.fields)}, received none; others: ${rest}`,
    );
  }
  if (!contains(expected.fields, found.fields))
    throw new CaseFailure(
      `${expected.kind}: expected ${show(expected.fields)}, received ${show(found.fields)}`,
    );
}

/** By which an event is found among others of its kind. */
function keyOf(fields: Fields): unknown {
  return fields["invocation_id"];
}

/** Whether what is expected is there, fields that are personal aside. */
function contains(expected: unknown, found: unknown): boolean {
  if (Buffer.isBuffer(expected)) return Buffer.isBuffer(found) && expected.equals(found);
  if (Array.isArray(expected)) {
    const list = Array.isArray(found) ? found : [];
    return (
      expected.length === list.length && expected.every((each, at) => contains(each, list[at]))
    );
  }
  if (expected === null || typeof expected !== "object") return expected === found;
  if (found === null || typeof found !== "object") return false;
  return Object.entries(expected).every(([key, each]) => {
    return personal.has(key) || contains(each, (found as Fields)[key]);
  });
}
