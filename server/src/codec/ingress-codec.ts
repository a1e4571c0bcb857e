import { CallRequest, type Producer, SendRequest } from "@statewire/protos/statewire/v1/ingress.js";
import type { TypedValue as ProtoTypedValue } from "@statewire/protos/statewire/v1/types.js";
import { isFunctionTypeName } from "../core/address.js";
import type { CallCommand, Once, SendCommand } from "../core/command.js";
import { isTypename, type TypedValue } from "../core/typed-value.js";
import { isBuiltInTypename } from "./built-in-value.js";
import { MalformedMessageError, readMessage } from "./protobuf-message.js";
import { shown } from "./shown-text.js";

/** What a send asks for: the command without the number that the ingress stage gives it. */
export type SendValues = Omit<SendCommand, "kind" | "request">;
/** What a call asks for. */
export type CallValues = Omit<CallCommand, "kind" | "request">;

/** The limits of what enters, named as their settings. */
export interface IngressLimits {
  /** Largest value of a message, in bytes. */
  readonly valueBytesMax: number;
  /** Largest instance id, in bytes of UTF-8. */
  readonly idBytesMax: number;
  /** Largest request, in bytes. */
  readonly requestBytesMax: number;
}

/** Largest idempotency key and producer source, in bytes: both are keys in the store. */
export const keyBytesMax = 255;
/** How the sources of file ingresses begin; a producer's may not, or it would move their positions. */
export const fileSourcePrefix = "file:";
/** Largest typename, in bytes: twice a name of a function type and some. */
export const typenameBytesMax = 1024;
/** Longest delay: a hundred years. Anything longer is a mistake in the unit. */
export const delayMsMax: number = 100 * 365.25 * 24 * 3600 * 1000;
const nameBytesMax = 255;

/** Why foreign bytes are not a request. */
export interface Violation {
  readonly kind: "invalid" | "tooLarge";
  readonly message: string;
}

/** Thrown by the validators of this folder, caught where the decoding began. */
export class ViolationError extends Error {
  readonly kind: Violation["kind"];

  constructor(kind: Violation["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A request, or why it is none. */
export type Decoded<T> = { readonly kind: "ok"; readonly value: T } | Violation;

/** Decodes one SendRequest. */
export function decodeSendRequest(bytes: Uint8Array, limits: IngressLimits): Decoded<SendValues> {
  return decoded(() => {
    if (bytes.length > limits.requestBytesMax) throw requestTooLarge(bytes.length, limits);
    const request = readMessage("SendRequest", bytes, SendRequest.decode);
    const { typeName, id } = validateTarget(request.target, limits);
    return {
      typeName,
      id,
      message: validateMessage(request.message, limits),
      traceparent: validateTraceparent(request.traceparent),
      delayMs: validateDelay(request.delayMs),
      once: validateOnce(request.idempotencyKey, request.producer),
    };
  });
}

/** Decodes one CallRequest. */
export function decodeCallRequest(bytes: Uint8Array, limits: IngressLimits): Decoded<CallValues> {
  return decoded(() => {
    if (bytes.length > limits.requestBytesMax) throw requestTooLarge(bytes.length, limits);
    const request = readMessage("CallRequest", bytes, CallRequest.decode);
    return {
      ...validateTarget(request.target, limits),
      message: validateMessage(request.message, limits),
      traceparent: validateTraceparent(request.traceparent),
      once: validateKey(request.idempotencyKey),
    };
  });
}

/**
 * Decodes one SendStreamRequest, each of its messages alone: one that is not a request does not
 * take its neighbours with it. Only a frame that cannot be taken apart is a violation as a whole.
 */
export function decodeSendStreamRequest(
  bytes: Uint8Array,
  limits: IngressLimits,
): Decoded<readonly Decoded<SendValues>[]> {
  return decoded(() => {
    if (bytes.length > limits.requestBytesMax) throw requestTooLarge(bytes.length, limits);
    return readMessage("SendStreamRequest", bytes, (reader) => {
      const messages: Decoded<SendValues>[] = [];
      while (reader.pos < reader.len) {
        const [field, wireType] = reader.tag();
        if (field === 1 && wireType === 2) messages.push(decodeSendRequest(reader.bytes(), limits));
        else reader.skip(wireType, field);
      }
      return messages;
    });
  });
}

/** Runs a decoding that may throw; what it throws of its own becomes the violation. */
export function decoded<T>(decode: () => T): Decoded<T> {
  try {
    return { kind: "ok", value: decode() };
  } catch (error) {
    if (error instanceof ViolationError) return { kind: error.kind, message: error.message };
    if (error instanceof MalformedMessageError) return { kind: "invalid", message: error.message };
    throw error;
  }
}

/** @throws ViolationError when the address cannot exist. */
export function validateTarget(
  target: { namespace: string; type: string; id: string } | undefined,
  limits: Pick<IngressLimits, "idBytesMax">,
): { typeName: string; id: string } {
  if (target === undefined) throw new ViolationError("invalid", "target is missing");
  const typeName = typeNameOf(target.namespace, target.type);
  const idBytes = byteLength(target.id, limits.idBytesMax);
  if (idBytes > limits.idBytesMax) {
    const message = `id of ${idBytes} bytes exceeds idBytesMax ${limits.idBytesMax}`;
    throw new ViolationError("invalid", message);
  }
  return { typeName, id: target.id };
}

/** The function type named last: a producer sends to few, and a name that was valid stays so. */
let lastType = { namespace: "", type: "", typeName: "" };

/** @throws ViolationError when the parts do not name a function type. */
function typeNameOf(namespace: string, type: string): string {
  if (lastType.type === type && lastType.namespace === namespace && type !== "") {
    return lastType.typeName;
  }
  validateName("namespace", namespace);
  validateName("type", type);
  const typeName = `${namespace}/${type}`;
  if (!isFunctionTypeName(typeName)) {
    throw new ViolationError(
      "invalid",
      `target: ${shown(typeName)} names a pattern, not a function type`,
    );
  }
  lastType = { namespace, type, typeName };
  return typeName;
}

/** @throws ViolationError when the message has no typename or is too large. */
export function validateMessage(
  message: ProtoTypedValue | undefined,
  limits: Pick<IngressLimits, "valueBytesMax">,
): TypedValue {
  if (message === undefined) throw new ViolationError("invalid", "message is missing");
  return validateValue(message.typename, message.value ?? null, limits);
}

/**
 * `typenameFrom` names what the typename was read from, for people.
 *
 * @throws ViolationError when the typename is none, or it or the value is too large.
 */
export function validateValue(
  typename: string,
  value: Uint8Array | null,
  limits: Pick<IngressLimits, "valueBytesMax">,
  typenameFrom = "typename of the message",
): TypedValue {
  if (typename !== lastTypename) validateTypename(typename, typenameFrom);
  if (value !== null && value.length > limits.valueBytesMax) {
    const message = `message of ${value.length} bytes exceeds valueBytesMax ${limits.valueBytesMax}`;
    throw new ViolationError("tooLarge", message);
  }
  return { typename, value };
}

/** The typename validated last: a producer sends few, and what was valid stays so. */
let lastTypename = "";

function validateTypename(typename: string, from: string): void {
  if (typename === "") throw new ViolationError("invalid", `${from} is empty`);
  const bytes = byteLength(typename, typenameBytesMax);
  if (bytes > typenameBytesMax) {
    throw new ViolationError("invalid", `${from} of ${bytes} bytes exceeds ${typenameBytesMax}`);
  }
  if (!isTypename(typename)) {
    throw new ViolationError("invalid", `${from} ${shown(typename)} is ${notTypename(typename)}`);
  }
  lastTypename = typename;
}

/** The end of a sentence about a text that is no typename. */
export function notTypename(text: string): string {
  const builtIn = `io.statefun.types/${text}`;
  const hint = isBuiltInTypename(builtIn) ? `; did you mean ${builtIn}?` : "";
  return `not a typename: expected NAMESPACE/NAME without white space${hint}`;
}

/** The violation of a request, or of what has arrived of it so far. */
export function requestTooLarge(
  bytes: number,
  limits: Pick<IngressLimits, "requestBytesMax">,
): ViolationError {
  const message = `request of ${bytes} bytes exceeds requestBytesMax ${limits.requestBytesMax}`;
  return new ViolationError("tooLarge", message);
}

/** @throws ViolationError for a negative, fractional or absurd delay. */
export function validateDelay(delayMs: number): number {
  if (delayMs >= 0 && delayMs <= delayMsMax && Number.isInteger(delayMs)) return delayMs;
  throw new ViolationError("invalid", `delay of ${delayMs} ms is not 0 to ${delayMsMax}`);
}

/** @throws ViolationError when both ways to recognise a repeated request are used, or one wrongly. */
export function validateOnce(key: string, producer: Producer | undefined): Once | null {
  if (producer === undefined) return validateKey(key);
  if (key !== "") {
    throw new ViolationError("invalid", "idempotency key and producer exclude each other");
  }
  validateLength("source", producer.source);
  if (producer.source === "") throw new ViolationError("invalid", "source is empty");
  if (producer.source.startsWith(fileSourcePrefix)) {
    const message = `source ${shown(producer.source)} begins with "${fileSourcePrefix}", which is kept for file ingresses`;
    throw new ViolationError("invalid", message);
  }
  if (!Number.isSafeInteger(producer.sequence) || producer.sequence < 1) {
    throw new ViolationError("invalid", `sequence ${producer.sequence} is not 1 or more`);
  }
  return { kind: "sequence", source: producer.source, sequence: producer.sequence };
}

/** Null for an empty key. @throws ViolationError when it is too long. */
export function validateKey(key: string): Extract<Once, { kind: "key" }> | null {
  if (key === "") return null;
  validateLength("idempotency key", key);
  return { kind: "key", key };
}

/** @throws ViolationError when it is neither empty nor a W3C traceparent. */
export function validateTraceparent(traceparent: string): string {
  if (traceparent === "" || isTraceparent(traceparent)) return traceparent;
  throw new ViolationError("invalid", "traceparent is not in the form of W3C Trace Context");
}

/** Whether the text is a traceparent of W3C Trace Context. */
export function isTraceparent(text: string): boolean {
  return text.length < 256 && /^(?!ff)[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}/.test(text);
}

function validateName(field: string, name: string): void {
  if (name === "") throw new ViolationError("invalid", `${field} of the target is empty`);
  if (name.includes("/")) {
    throw new ViolationError("invalid", `${field} ${shown(name)} of the target holds a "/"`);
  }
  const bytes = byteLength(name, nameBytesMax);
  if (bytes > nameBytesMax) {
    const message = `${field} of ${bytes} bytes exceeds ${nameBytesMax} bytes`;
    throw new ViolationError("invalid", message);
  }
}

function validateLength(field: string, text: string): void {
  const bytes = byteLength(text, keyBytesMax);
  if (bytes <= keyBytesMax) return;
  throw new ViolationError("invalid", `${field} of ${bytes} bytes exceeds ${keyBytesMax} bytes`);
}

/** Exact only above the limit: most texts are far below it, where counting would be a waste. */
function byteLength(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : Buffer.byteLength(text);
}
