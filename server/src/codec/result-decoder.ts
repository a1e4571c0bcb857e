import { isFunctionTypeName } from "../core/address.js";
import type {
  FailureCode,
  Fault,
  InvocationFailure,
  InvocationResult,
  OutgoingMessage,
  OutgoingRecord,
  OutgoingReply,
  StateChange,
  TimerChange,
} from "../core/command.js";
import { isTraceparent, typenameBytesMax } from "./ingress-codec.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { shown } from "./shown-text.js";
import type { StreamTypes } from "./stream-types.js";
import { TextCache } from "./text-cache.js";
import { ValueSlab } from "./value-slab.js";
import { WireReader } from "./wire-reader.js";

/** What a result may hold; Hello announced it. */
export interface ResultLimits {
  readonly valueBytesMax: number;
  readonly idBytesMax: number;
  readonly effectsMax: number;
}

/** The results of one frame. */
export interface DecodedResults {
  readonly results: readonly InvocationResult[];
  /** What they take from the server's result credit. [CREDIT-4] */
  readonly payloadBytes: number;
}

const tokenBytesMax = 255;
const failureMessageBytesMax = 4096;
/** Of an id in an error: it may itself be too long. */
const shownIdBytesMax = 100;

const none: readonly never[] = [];

/** Failure.Code by number. What is not known is a failure of the function. [FAIL-6] */
const failureCodes: readonly FailureCode[] = [
  "function",
  "function",
  "badInput",
  "badState",
  "timeout",
  "overloaded",
  "unknownFunction",
];

/**
 * Reads a ServerFrame that holds a ResultBatch, straight into the core's values. What breaks the
 * protocol throws; what only breaks a limit marks its result as refused, so that one address
 * suffers and the stream goes on.
 */
export class ResultDecoder {
  /** Shared by all frames. */
  readonly #memory = { texts: new TextCache(), slab: new ValueSlab() };
  readonly #limits: ResultLimits;
  #payloadBytes = 0;
  #refused: Fault | null = null;

  constructor(limits: ResultLimits) {
    this.#limits = limits;
  }

  /**
   * Undefined when the frame is of another kind; then the generated code reads it. `creditBytes` is
   * the server's balance before the frame.
   *
   * @throws ProtocolViolation
   */
  decode(frame: Buffer, types: StreamTypes, creditBytes: number): DecodedResults | undefined {
    // Field 2 of ServerFrame, length-delimited: a batch of results and nothing else.
    if (frame[0] !== 0x12) return undefined;
    const reader = new WireReader(frame, this.#memory);
    reader.varint();
    const outer = reader.enter();
    const results: InvocationResult[] = [];
    this.#payloadBytes = 0;
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag !== 10) {
        reader.skip(tag);
        continue;
      }
      if (this.#payloadBytes >= creditBytes) {
        throw new ProtocolViolation("CREDIT-4", "a result without result credit");
      }
      results.push(this.#result(reader, types));
    }
    reader.leave(outer);
    return reader.atEnd ? { results, payloadBytes: this.#payloadBytes } : undefined;
  }

  #result(reader: WireReader, types: StreamTypes): InvocationResult {
    const outer = reader.enter();
    let invocation = 0;
    let stateChanges: StateChange[] | undefined;
    let sends: OutgoingMessage[] | undefined;
    let timerChanges: TimerChange[] | undefined;
    let egressRecords: OutgoingRecord[] | undefined;
    let replies: OutgoingReply[] | undefined;
    let failure: InvocationFailure | null = null;
    this.#refused = null;
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 8) invocation = reader.varint();
      else if (tag === 18) stateChanges = append(stateChanges, this.#stateChange(reader));
      else if (tag === 26) sends = append(sends, this.#send(reader, types));
      else if (tag === 34) timerChanges = append(timerChanges, this.#timerChange(reader, types));
      else if (tag === 42) egressRecords = append(egressRecords, this.#record(reader));
      else if (tag === 50) replies = append(replies, this.#reply(reader));
      else if (tag === 58) failure = this.#failure(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
    if (stateChanges !== undefined && stateChanges.length > 1) assertOnce(stateChanges);
    if (replies !== undefined && replies.length > 1) this.#checkReplies(replies);
    this.#checkEffects(
      (sends?.length ?? 0) + (timerChanges?.length ?? 0) + (egressRecords?.length ?? 0),
    );
    const refused = this.#refused;
    return {
      invocation,
      stateChanges: stateChanges ?? none,
      sends: sends ?? none,
      timerChanges: timerChanges ?? none,
      egressRecords: egressRecords ?? none,
      replies: replies ?? none,
      failure,
      refused,
    };
  }

  #stateChange(reader: WireReader): StateChange {
    const before = this.#refused;
    const outer = reader.enter();
    let state = 0;
    let value: Uint8Array | null = null;
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 8) state = reader.u32();
      else if (tag === 18) value = this.#checked(reader.view());
      else reader.skip(tag);
    }
    reader.leave(outer);
    if (this.#refused !== before) this.#refused = withState(this.#refused, state);
    return { state, value };
  }

  #send(reader: WireReader, types: StreamTypes): OutgoingMessage {
    const before = this.#refused;
    const outer = reader.enter();
    let type = 0;
    let typeName = "";
    let id = "";
    let typename = "";
    let value: Uint8Array | null = null;
    let traceparent = "";
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 8) type = reader.u32();
      else if (tag === 18) typeName = reader.name();
      else if (tag === 26) id = reader.text();
      else if (tag === 34) typename = reader.name();
      else if (tag === 42) value = this.#value(reader);
      else if (tag === 50) traceparent = readTraceparent(reader.text());
      else reader.skip(tag);
    }
    reader.leave(outer);
    this.#checkId(id);
    this.#checkTypename(typename);
    const target = this.#target(types, type, typeName);
    if (this.#refused !== before) this.#blame(`send to ${target}/${cutText(id, shownIdBytesMax)}`);
    return { typeName: target, id, message: { typename, value }, traceparent };
  }

  #target(types: StreamTypes, type: number, typeName: string): string {
    if ((type === 0) === (typeName === "")) {
      throw new ProtocolViolation(
        "SEND-1",
        `a send with type ${type} and type_name ${shown(typeName)}`,
      );
    }
    if (type === 0) {
      if (!isFunctionTypeName(typeName)) {
        this.#refuse("SEND-3", `type_name ${shown(typeName)} is not namespace/type`);
      }
      return typeName;
    }
    const name = types.nameOf(type);
    if (name === undefined) {
      throw new ProtocolViolation("SEND-2", `type index ${type} of ${types.count} names no type`);
    }
    return name;
  }

  #timerChange(reader: WireReader, types: StreamTypes): TimerChange {
    const outer = reader.enter();
    let change: TimerChange | undefined;
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 10) change = this.#schedule(reader, types);
      else if (tag === 18) change = this.#cancel(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
    if (change === undefined) throw new ProtocolViolation("TIMER-1", "an empty timer change");
    return change;
  }

  #schedule(reader: WireReader, types: StreamTypes): TimerChange {
    const outer = reader.enter();
    let message: OutgoingMessage | undefined;
    let delayMs = 0;
    let token = "";
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 10) message = this.#send(reader, types);
      else if (tag === 16) delayMs = reader.varint();
      else if (tag === 26) token = reader.text();
      else reader.skip(tag);
    }
    reader.leave(outer);
    if (message === undefined) {
      throw new ProtocolViolation("SEND-1", "a delayed send without a send");
    }
    this.#checkToken(token);
    return { kind: "schedule", message, delayMs, token };
  }

  #cancel(reader: WireReader): TimerChange {
    const token = reader.text();
    if (token === "") this.#refuse("TIMER-6", "a cancellation without a token");
    this.#checkToken(token);
    return { kind: "cancel", token };
  }

  #record(reader: WireReader): OutgoingRecord {
    const before = this.#refused;
    const outer = reader.enter();
    let egress = "";
    let typename = "";
    let value: Uint8Array | null = null;
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 10) egress = reader.name();
      else if (tag === 18) typename = reader.name();
      else if (tag === 26) value = this.#value(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
    this.#checkTypename(typename);
    if (this.#refused !== before) this.#blame(`record for ${egress}`);
    return { egress, value: { typename, value } };
  }

  #reply(reader: WireReader): OutgoingReply {
    const before = this.#refused;
    const outer = reader.enter();
    let input = 0;
    let typename = "";
    let value: Uint8Array | null = null;
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 8) input = reader.u32();
      else if (tag === 18) typename = reader.name();
      else if (tag === 26) value = this.#value(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
    this.#checkTypename(typename);
    if (this.#refused !== before) this.#blame(`reply to input ${input}`);
    return { input, value: { typename, value } };
  }

  #failure(reader: WireReader): InvocationFailure {
    const outer = reader.enter();
    let code = 0;
    let message = "";
    let retryable = false;
    let retryAfterMs = 0;
    let completedInputs = 0;
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === 8) code = reader.u32();
      else if (tag === 18) message = cutText(reader.text(), failureMessageBytesMax);
      else if (tag === 24) retryable = reader.bool();
      else if (tag === 32) retryAfterMs = reader.varint();
      else if (tag === 40) completedInputs = reader.u32();
      else reader.skip(tag);
    }
    reader.leave(outer);
    return {
      code: failureCodes[code] ?? "function",
      message,
      retryable,
      retryAfterMs,
      completedInputs,
    };
  }

  #value(reader: WireReader): Uint8Array {
    return this.#checked(reader.bytes());
  }

  #checked(value: Uint8Array): Uint8Array {
    this.#payloadBytes += value.length;
    const { valueBytesMax } = this.#limits;
    if (value.length > valueBytesMax) {
      this.#refuse(
        "LIMIT-2",
        `value of ${value.length} bytes exceeds valueBytesMax ${valueBytesMax}`,
      );
    }
    return value;
  }

  #checkId(id: string): void {
    const { idBytesMax } = this.#limits;
    if (id.length * 3 <= idBytesMax) return;
    const bytes = Buffer.byteLength(id);
    if (bytes > idBytesMax) {
      this.#refuse("LIMIT-3", `id of ${bytes} bytes exceeds idBytesMax ${idBytesMax}`);
    }
  }

  #checkTypename(typename: string): void {
    if (typename === "") this.#refuse("SEND-5", "an empty typename");
    if (typename.length * 3 <= typenameBytesMax) return;
    const bytes = Buffer.byteLength(typename);
    if (bytes > typenameBytesMax) {
      this.#refuse("LIMIT-12", `typename of ${bytes} bytes exceeds ${typenameBytesMax}`);
    }
  }

  #checkToken(token: string): void {
    const bytes = Buffer.byteLength(token);
    if (bytes > tokenBytesMax) {
      this.#refuse("TIMER-7", `cancellation token of ${bytes} bytes exceeds ${tokenBytesMax}`);
    }
  }

  #checkReplies(replies: readonly OutgoingReply[]): void {
    const inputs = new Set(replies.map((reply) => reply.input));
    if (inputs.size < replies.length) this.#refuse("REPLY-2", "two replies to one input");
  }

  #checkEffects(effects: number): void {
    const { effectsMax } = this.#limits;
    if (effects > effectsMax) {
      this.#refuse("LIMIT-4", `${effects} effects exceed effectsMax ${effectsMax}`);
    }
  }

  /** Only the first fault is told. */
  #refuse(clause: string, message: string): void {
    this.#refused ??= { clause, message };
  }

  /** Says what the fault just found is in. */
  #blame(what: string): void {
    if (this.#refused === null) return;
    const { clause, message } = this.#refused;
    this.#refused = { clause, message: `${what}: ${message}` };
  }
}

function withState(fault: Fault | null, state: number): Fault | null {
  return fault === null ? null : { ...fault, state };
}

function append<T>(list: T[] | undefined, item: T): T[] {
  if (list === undefined) return [item];
  list.push(item);
  return list;
}

/** The longest beginning of the text, in whole characters, that fits. */
function cutText(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** One that cannot be parsed is dropped; it fails nothing. [INVOKE-15] */
function readTraceparent(text: string): string {
  return isTraceparent(text) ? text : "";
}

function assertOnce(changes: readonly StateChange[]): void {
  const states = new Set(changes.map((change) => change.state));
  if (states.size < changes.length) {
    throw new ProtocolViolation("STATE-3", "a state that is changed twice in one result");
  }
}
