import type { Producer } from "@statewire/protos/statewire/v1/ingress.js";
import {
  type Decoded,
  decodeSendStreamRequest,
  type IngressLimits,
  type SendValues,
  type Violation,
  ViolationError,
  validateDelay,
  validateOnce,
  validateTarget,
  validateTraceparent,
  validateValue,
} from "./ingress-codec.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { TextCache } from "./text-cache.js";
import { ValueSlab } from "./value-slab.js";
import { WireReader } from "./wire-reader.js";

/** Something that this decoder does not read: the generated code does, or says what is wrong. */
class NotPlainError extends Error {}

/**
 * Decodes SendStreamRequests, as decodeSendStreamRequest() does: straight into the core's values. A
 * frame with fields that are not known, or with bytes that are no request, goes through the generated
 * code, which has the words for it.
 */
export class SendStreamDecoder {
  readonly #limits: IngressLimits;
  readonly #memory = { texts: new TextCache(), slab: new ValueSlab() };

  constructor(limits: IngressLimits) {
    this.#limits = limits;
  }

  decode(frame: Buffer): Decoded<readonly Decoded<SendValues>[]> {
    try {
      if (frame.length <= this.#limits.requestBytesMax) return this.#decode(frame);
    } catch (error) {
      const isRead = !(error instanceof NotPlainError || error instanceof ProtocolViolation);
      if (isRead) throw error;
    }
    return decodeSendStreamRequest(frame, this.#limits);
  }

  #decode(frame: Buffer): Decoded<readonly Decoded<SendValues>[]> {
    const reader = new WireReader(frame, this.#memory);
    const messages: Decoded<SendValues>[] = [];
    while (!reader.atEnd) {
      if (reader.varint() !== 10) throw new NotPlainError();
      const outer = reader.enter();
      const request = readRequest(reader);
      reader.leave(outer);
      messages.push(this.#validated(request));
    }
    return { kind: "ok", value: messages };
  }

  #validated(request: Request): Decoded<SendValues> {
    try {
      return { kind: "ok", value: toValues(request, this.#limits) };
    } catch (error) {
      if (!(error instanceof ViolationError)) throw error;
      return { kind: error.kind, message: error.message } satisfies Violation;
    }
  }
}

interface Target {
  namespace: string;
  type: string;
  id: string;
}

/** A SendRequest as it is on the wire. */
interface Request {
  target: Target | undefined;
  message: { typename: string; value: Uint8Array | null } | undefined;
  idempotencyKey: string;
  producer: Producer | undefined;
  delayMs: number;
  traceparent: string;
}

/** In the order in which decodeSendRequest() looks at them. */
function toValues(request: Request, limits: IngressLimits): SendValues {
  const { typeName, id } = validateTarget(request.target, limits);
  const { message } = request;
  if (message === undefined) throw new ViolationError("invalid", "message is missing");
  return {
    typeName,
    id,
    message: validateValue(message.typename, message.value, limits),
    traceparent: validateTraceparent(request.traceparent),
    delayMs: validateDelay(request.delayMs),
    once: validateOnce(request.idempotencyKey, request.producer),
  };
}

function readRequest(reader: WireReader): Request {
  const request: Request = {
    target: undefined,
    message: undefined,
    idempotencyKey: "",
    producer: undefined,
    delayMs: 0,
    traceparent: "",
  };
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (tag === 10) request.target = readTarget(reader);
    else if (tag === 18) request.message = readMessage(reader);
    else if (tag === 26) request.idempotencyKey = reader.text();
    else if (tag === 34) request.producer = readProducer(reader);
    else if (tag === 40) request.delayMs = reader.varint();
    else if (tag === 50) request.traceparent = reader.text();
    else throw new NotPlainError();
  }
  return request;
}

function readTarget(reader: WireReader): Target {
  const target = { namespace: "", type: "", id: "" };
  const outer = reader.enter();
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (tag === 10) target.namespace = reader.name();
    else if (tag === 18) target.type = reader.name();
    else if (tag === 26) target.id = reader.text();
    else throw new NotPlainError();
  }
  reader.leave(outer);
  return target;
}

function readMessage(reader: WireReader): { typename: string; value: Uint8Array | null } {
  const message: { typename: string; value: Uint8Array | null } = { typename: "", value: null };
  const outer = reader.enter();
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (tag === 10) message.typename = reader.name();
    else if (tag === 18) message.value = reader.bytes();
    else throw new NotPlainError();
  }
  reader.leave(outer);
  return message;
}

function readProducer(reader: WireReader): Producer {
  const producer = { source: "", sequence: 0 };
  const outer = reader.enter();
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (tag === 10) producer.source = reader.name();
    else if (tag === 16) producer.sequence = reader.varint();
    else throw new NotPlainError();
  }
  reader.leave(outer);
  return producer;
}
