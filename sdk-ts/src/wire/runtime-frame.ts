import {
  Drain,
  Hello,
  type Input,
  type Invocation,
  type InvocationBatch,
  ProtocolError,
  ResultCredit,
  type RuntimeFrame,
  StateReply,
  type StateValue,
  type TypeDefinition,
} from "@statewire/protos/statewire/v1/stream.js";
import { asBuffer } from "#bytes";
import { ProtocolViolation } from "../session/protocol-violation.js";
import { createInternTable, type LateText, WireReader } from "./wire-reader.js";

/** What a list is before its first element: shared, so nobody adds to it. */
const none: never[] = [];

/** What a stream knows of the ids that invocations under a lease name again. */
export interface LeasedIds {
  /** The id of the address that likely holds the lease; undefined: nobody knows. */
  idOf(lease: number): string | undefined;
}

const noLeasedIds: LeasedIds = { idOf: () => undefined };

type Frame = NonNullable<RuntimeFrame["frame"]>;

/**
 * Decodes what the runtime sends on one stream. Invocations are read here, as fast as JavaScript
 * can; the generated code reads the frames that are rare.
 */
export class RuntimeFrameDecoder {
  readonly #interned = createInternTable();

  /** @throws ProtocolViolation FRAME-2 or LIMIT-7 when the bytes are not a frame. */
  decode(bytes: Buffer, leasedIds: LeasedIds = noLeasedIds): RuntimeFrame {
    const reader = new WireReader(bytes, this.#interned);
    let frame: Frame | undefined;
    while (reader.position < bytes.length) {
      const tag = reader.uint32();
      if (tag === 0x12) {
        const value = readInvocationBatch(reader, reader.messageEnd(), leasedIds);
        frame = { $case: "invocations", value };
      } else if ((tag & 7) === 2) {
        frame = readRareFrame(tag, asBuffer(reader.bytes())) ?? frame;
      } else {
        reader.skip(tag);
      }
    }
    return { frame };
  }
}

/** By tag: field << 3 | 2. Undefined for a field that nobody knows. */
function readRareFrame(tag: number, bytes: Buffer): Frame | undefined {
  try {
    switch (tag) {
      case 0x0a:
        validateText(bytes, [2, 3, 4, 6]);
        return { $case: "hello", value: Hello.decode(bytes) };
      case 0x1a:
        return { $case: "stateReply", value: StateReply.decode(bytes) };
      case 0x22:
        return { $case: "credit", value: ResultCredit.decode(bytes) };
      case 0x2a:
        validateText(bytes, [1]);
        return { $case: "drain", value: Drain.decode(bytes) };
      case 0x32:
        validateText(bytes, [1, 2]);
        return { $case: "error", value: ProtocolError.decode(bytes) };
      default:
        return undefined;
    }
  } catch (error) {
    throw toViolation(error);
  }
}

function readInvocationBatch(
  reader: WireReader,
  end: number,
  leasedIds: LeasedIds,
): InvocationBatch {
  const batch: InvocationBatch = { types: [], invocations: [], resultCreditBytes: 0 };
  while (reader.position < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 0x0a:
        batch.types.push(readTypeDefinition(reader, reader.messageEnd()));
        break;
      case 0x12:
        batch.invocations.push(readInvocation(reader, reader.messageEnd(), leasedIds));
        break;
      case 0x18:
        batch.resultCreditBytes = reader.uint64();
        break;
      default:
        reader.skip(tag);
    }
  }
  return closed(batch, reader, end);
}

function readTypeDefinition(reader: WireReader, end: number): TypeDefinition {
  const definition: TypeDefinition = { index: 0, typeName: "", entry: 0 };
  while (reader.position < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 0x08:
        definition.index = reader.uint32();
        break;
      case 0x12:
        definition.typeName = reader.string();
        break;
      case 0x18:
        definition.entry = reader.uint32();
        break;
      default:
        reader.skip(tag);
    }
  }
  return closed(definition, reader, end);
}

function readInvocation(reader: WireReader, end: number, leasedIds: LeasedIds): Invocation {
  let id: LateText | string = "";
  const invocation: Invocation = {
    invocationId: 0,
    type: 0,
    id: "",
    inputs: none,
    states: none,
    lease: 0,
    timeoutMs: 0,
    attempt: 0,
    noLease: false,
  };
  while (reader.position < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 0x08:
        invocation.invocationId = reader.uint64();
        break;
      case 0x10:
        invocation.type = reader.uint32();
        break;
      case 0x1a:
        id = reader.lateText();
        break;
      case 0x22:
        invocation.inputs = append(invocation.inputs, readInput(reader, reader.messageEnd()));
        break;
      case 0x2a:
        invocation.states = append(invocation.states, readStateValue(reader, reader.messageEnd()));
        break;
      case 0x30:
        invocation.lease = reader.uint64();
        break;
      case 0x38:
        invocation.timeoutMs = reader.uint64();
        break;
      case 0x40:
        invocation.attempt = reader.uint32();
        break;
      case 0x48:
        invocation.noLease = reader.bool();
        break;
      default:
        reader.skip(tag);
    }
  }
  invocation.id = typeof id === "string" ? id : id.read(leasedIds.idOf(invocation.lease));
  return closed(invocation, reader, end);
}

/** An input whose caller's id is read when a function asks for it: most do not. */
class ReceivedInput implements Input {
  callerType = 0;
  typename = "";
  value: Buffer | undefined;
  wantsReply = false;
  traceparent = "";
  #callerId: LateText | string = "";

  get callerId(): string {
    const id = this.#callerId;
    return typeof id === "string" ? id : id.read(undefined);
  }

  readCallerId(reader: WireReader): void {
    this.#callerId = reader.lateText();
  }
}

function readInput(reader: WireReader, end: number): Input {
  const input = new ReceivedInput();
  while (reader.position < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 0x08:
        input.callerType = reader.uint32();
        break;
      case 0x12:
        input.readCallerId(reader);
        break;
      case 0x1a:
        input.typename = reader.internedString();
        break;
      case 0x22:
        input.value = reader.bytes();
        break;
      case 0x28:
        input.wantsReply = reader.bool();
        break;
      case 0x32:
        input.traceparent = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  return closed(input, reader, end);
}

function readStateValue(reader: WireReader, end: number): StateValue {
  const state: StateValue = { state: 0, value: undefined };
  while (reader.position < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 0x08:
        state.state = reader.uint32();
        break;
      case 0x12:
        state.value = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return closed(state, reader, end);
}

/** Adds to a list that nobody else has. Most have one element, for which an array can be made to measure. */
function append<T>(list: T[], item: T): T[] {
  if (list.length === 0) {
    return [item];
  }
  list.push(item);
  return list;
}

/** A message ends where its length said. */
function closed<T>(message: T, reader: WireReader, end: number): T {
  if (reader.position !== end) {
    throw new ProtocolViolation(
      "FRAME-2",
      `field ends at byte ${reader.position}, beyond its message's end at ${end}`,
    );
  }
  return message;
}

/** The generated code takes text that is not UTF-8; the protocol does not. */
function validateText(bytes: Buffer, fields: readonly number[]): void {
  const reader = new WireReader(bytes, createInternTable());
  while (reader.position < bytes.length) {
    const tag = reader.uint32();
    if ((tag & 7) === 2 && fields.includes(tag >>> 3)) {
      reader.string();
    } else {
      reader.skip(tag);
    }
  }
}

function toViolation(error: unknown): ProtocolViolation {
  if (error instanceof ProtocolViolation) {
    return error;
  }
  const reason = error instanceof Error ? error.message : String(error);
  // The generated decoder reports integers beyond 2^53 - 1 in these words.
  const clause = reason.includes("MAX_SAFE_INTEGER") ? "LIMIT-7" : "FRAME-2";
  return new ProtocolViolation(clause, `not a RuntimeFrame: ${reason}`);
}
