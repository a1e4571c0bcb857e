import { type Fields, runtimeFrame, serverFrame } from "../protocol/protocol.js";
import { checkHello, checkWelcome } from "./check-handshake.js";
import { checkBatch, checkStateReply } from "./check-runtime-frames.js";
import { checkResults, checkStateRequest } from "./check-server-frames.js";
import { Conversation, number, type Side, text, type Violation } from "./conversation.js";
import { fieldNumbers } from "./frame-kinds.js";
import type { Report } from "./report.js";

/** What Hello may have at most. [LIMIT-5] */
const helloBytesMax = 65_536;

const codecs = { runtime: runtimeFrame, server: serverFrame } as const;

/** A frame that went by, and which clauses it breaks. */
export interface CheckedFrame {
  /** Undefined: the bytes are no frame. */
  readonly frame: Fields | undefined;
  readonly violations: readonly Violation[];
}

/**
 * Checks the frames of one stream, both directions, against the protocol's state machine. It is told
 * of each frame when it goes by, and has no clock of its own.
 */
export class ConversationChecker {
  readonly #talk = new Conversation();

  /** @param nowMs Any clock that goes forward, in milliseconds. */
  frame(side: Side, bytes: Buffer, nowMs: number): CheckedFrame {
    const violations: Violation[] = [];
    const report: Report = (clause, message) => violations.push({ side, clause, message });
    this.#talk.nowMs = nowMs;
    const frame = decode(side, bytes, report);
    checkSize(this.#talk, side, bytes.length, report);
    const kinds = kindsOf(side, bytes);
    if (kinds.length > 1) report("FRAME-1", `a frame that is ${kinds.join(" and ")}`);
    else if (frame !== undefined) this.#check(side, frame, report);
    return { frame, violations };
  }

  /** The gRPC call has ended. `status` is its name, for example OK. */
  ended(status: string): readonly Violation[] {
    const { failed, inFlight, halfClosed } = this.#talk;
    const violations: Violation[] = [];
    const report = (clause: string, message: string) =>
      violations.push({ side: "server", clause, message });
    if (status === "OK" && halfClosed && failed === undefined && inFlight.size > 0)
      report("DRAIN-6", `the call ended with OK and ${inFlight.size} results are missing`);
    if (failed !== undefined && status !== "INVALID_ARGUMENT" && status !== "CANCELLED")
      report("ERROR-5", `the call ended with ${status} after a ProtocolError`);
    return violations;
  }

  /** The dialling side will send nothing more. */
  halfClosed(): void {
    this.#talk.halfClosed = true;
  }

  #check(side: Side, frame: Fields, report: Report): void {
    const talk = this.#talk;
    const [kind = ""] = Object.keys(frame);
    if (kind === "") {
      report("FRAME-1", "a frame of no known kind");
      return;
    }
    const fields = (frame[kind] ?? {}) as Fields;
    checkIntegers(fields, kind, report);
    if (talk.failed === side) report("ERROR-2", `${kind} after a ProtocolError`);
    if (kind === "error") {
      checkError(talk, side, fields, report);
      return;
    }
    const mayCome = side === "runtime" ? mayRuntimeSend : mayServerSend;
    const [clause, why] = mayCome(talk, kind);
    if (clause !== "") {
      report(clause, why);
      return;
    }
    if (kind === "drain") talk.drained[side] = true;
    else if (side === "runtime") checkRuntimeFrame(talk, kind, fields, report);
    else checkServerFrame(talk, kind, fields, report);
  }
}

function mayRuntimeSend(talk: Conversation, kind: string): readonly [string, string] {
  if (kind === "hello") return ["", ""];
  if (talk.hello === undefined) return ["HELLO-1", `${kind} comes before Hello`];
  if (talk.welcome === undefined) return ["HELLO-8", `${kind} comes before Welcome`];
  return ["", ""];
}

function mayServerSend(talk: Conversation, kind: string): readonly [string, string] {
  if (talk.hello === undefined) return ["HELLO-2", `${kind} comes before Hello`];
  if (talk.welcome === undefined && kind !== "welcome")
    return ["HELLO-2", `${kind} comes before Welcome`];
  return ["", ""];
}

function checkRuntimeFrame(talk: Conversation, kind: string, fields: Fields, report: Report): void {
  if (kind === "hello") checkHello(talk, fields, report);
  else if (kind === "invocations") checkBatch(talk, fields, report);
  else if (kind === "state_reply") checkStateReply(talk, fields, report);
  else if (kind === "credit") talk.balance += number(fields["bytes"]);
}

function checkServerFrame(talk: Conversation, kind: string, fields: Fields, report: Report): void {
  if (kind === "welcome") checkWelcome(talk, fields, report);
  else if (kind === "results") checkResults(talk, fields, report);
  else if (kind === "state_request") checkStateRequest(talk, fields, report);
  else if (kind === "window") {
    const [invocations, bytes] = [number(fields["invocations"]), number(fields["bytes"])];
    talk.windows.push({ invocations, bytes, seenAtMs: talk.nowMs });
  }
}

function checkError(talk: Conversation, side: Side, error: Fields, report: Report): void {
  talk.failed = side;
  const clause = text(error["clause"]);
  if (!/^[A-Z]+-\d+$/.test(clause)) report("ERROR-3", `clause "${clause}"`);
  const bytes = Buffer.byteLength(text(error["message"]));
  if (bytes > 4096) report("ERROR-4", `a message of ${bytes} bytes`);
}

function checkSize(talk: Conversation, side: Side, bytes: number, report: Report): void {
  const isFirst = side === "runtime" && talk.hello === undefined;
  const max = isFirst ? helloBytesMax : talk.limit("frame_bytes_max");
  if (bytes > max) report(isFirst ? "LIMIT-5" : "LIMIT-1", `${bytes} bytes exceed ${max}`);
}

/** [LIMIT-7] */
function checkIntegers(value: unknown, path: string, report: Report): void {
  if (typeof value === "number" && !Number.isSafeInteger(value))
    report("LIMIT-7", `${path} is ${value}`);
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return;
  for (const [key, each] of Object.entries(value)) checkIntegers(each, `${path}.${key}`, report);
}

function decode(side: Side, bytes: Buffer, report: Report): Fields | undefined {
  try {
    const frame = codecs[side].decode(bytes);
    if (!isUtf8(codecs[side].encode(frame), bytes)) report("FRAME-2", "a text is not UTF-8");
    return frame;
  } catch (error) {
    report("FRAME-2", `no frame: ${(error as Error).message}`);
    return undefined;
  }
}

/** The kinds that a frame has, by name: its decoder keeps only the last. */
function kindsOf(side: Side, bytes: Buffer): readonly string[] {
  return fieldNumbers(bytes).flatMap((number) => {
    // The oneof's numbers are below 16, so that a tag is one byte; an empty message follows.
    if (number > 15) return [];
    return Object.keys(codecs[side].decode(Buffer.from([(number << 3) | 2, 0])));
  });
}

/** The decoder puts U+FFFD where a text is no UTF-8: then the frame has more of them than the bytes. */
function isUtf8(encoded: Buffer, bytes: Buffer): boolean {
  return countReplacements(encoded) <= countReplacements(bytes);
}

function countReplacements(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf("\ufffd"); at !== -1; at = bytes.indexOf("\ufffd", at + 3)) count++;
  return count;
}
