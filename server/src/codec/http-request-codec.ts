import { isUtf8 } from "node:buffer";
import type { TypedValue } from "../core/typed-value.js";
import { describeBuiltIn, encodeBuiltIn, isBuiltInTypename } from "./built-in-value.js";
import { checkHeaders, type HttpHeaders, readInteger, readText } from "./http-headers.js";
import {
  type CallValues,
  type IngressLimits,
  isTraceparent,
  type SendValues,
  ViolationError,
  validateDelay,
  validateKey,
  validateOnce,
  validateTarget,
  validateValue,
} from "./ingress-codec.js";
import { short, shown } from "./shown-text.js";

/** What the path of an ingress request names. */
export interface HttpTarget {
  readonly verb: "send" | "call";
  /** "namespace/type". */
  readonly typeName: string;
  readonly id: string;
}

/** Longest wait for a reply that a request may ask for: setTimeout takes no more. */
export const timeoutMsMax: number = 2 ** 31 - 1;

const milliseconds = "a whole number of milliseconds";
const stringTypename = "io.statefun.types/string";
const jsonTypename = "application/json";
/** What curl says of a body when nobody says anything. */
const formType = "application/x-www-form-urlencoded";
const vendorPrefix = "application/vnd.";

/**
 * Takes "/v1/send/NAMESPACE/TYPE/ID" apart, each part percent-decoded; the id is all the rest, "/"
 * included. A query is passed over. Undefined when the path begins otherwise.
 *
 * @throws ViolationError when the rest is not an address.
 */
export function parseIngressPath(
  url: string,
  limits: Pick<IngressLimits, "idBytesMax">,
): HttpTarget | undefined {
  const verb = url.startsWith("/v1/send/") ? "send" : "call";
  if (verb === "call" && !url.startsWith("/v1/call/")) return undefined;
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  const typeStart = path.indexOf("/", 9) + 1;
  const idStart = typeStart === 0 ? 0 : path.indexOf("/", typeStart) + 1;
  if (idStart === 0) {
    const lacksId = typeStart > 0 && typeStart < path.length;
    const hint = lacksId ? `; an empty id is ${shown(`${path}/`)}` : "";
    throw new ViolationError("invalid", `path is not /v1/${verb}/NAMESPACE/TYPE/ID${hint}`);
  }
  const target = {
    namespace: decodePart(path.slice(9, typeStart - 1)),
    type: decodePart(path.slice(typeStart, idStart - 1)),
    id: decodePart(path.slice(idStart)),
  };
  return { verb, ...validateTarget(target, limits) };
}

/** Makes a send of a request. @throws ViolationError when a header or the body is wrong. */
export function decodeHttpSend(
  target: HttpTarget,
  headers: HttpHeaders,
  body: Buffer,
  limits: IngressLimits,
): SendValues {
  checkHeaders(headers, target.verb);
  const source = readText(headers, "statewire-source");
  const sequence = readInteger(headers, "statewire-sequence", "a whole number");
  if ((source === "") !== (sequence === undefined)) {
    const message = "statewire-source and statewire-sequence come together or not at all";
    throw new ViolationError("invalid", message);
  }
  const producer = sequence === undefined ? undefined : { source, sequence };
  return {
    typeName: target.typeName,
    id: target.id,
    message: decodeBody(headers, body, limits),
    traceparent: readTraceparent(headers),
    delayMs: validateDelay(readInteger(headers, "statewire-delay", milliseconds) ?? 0),
    once: validateOnce(readText(headers, "idempotency-key"), producer),
  };
}

/** Makes a call of a request. @throws ViolationError when a header or the body is wrong. */
export function decodeHttpCall(
  target: HttpTarget,
  headers: HttpHeaders,
  body: Buffer,
  limits: IngressLimits,
): CallValues {
  checkHeaders(headers, target.verb);
  return {
    typeName: target.typeName,
    id: target.id,
    message: decodeBody(headers, body, limits),
    traceparent: readTraceparent(headers),
    once: validateKey(readText(headers, "idempotency-key")),
  };
}

/** How long a call's caller waits, in milliseconds; undefined: as long as the node lets it. */
export function readTimeoutMs(headers: HttpHeaders): number | undefined {
  const timeoutMs = readInteger(headers, "statewire-timeout", milliseconds);
  if (timeoutMs === undefined || (timeoutMs >= 1 && timeoutMs <= timeoutMsMax)) return timeoutMs;
  const message = `statewire-timeout of ${timeoutMs} ms is not 1 to ${timeoutMsMax}`;
  throw new ViolationError("invalid", message);
}

/**
 * The content type says how the body is written, the typename what it is. docs/HTTP.md has the
 * table; this is all of it.
 */
function decodeBody(headers: HttpHeaders, body: Buffer, limits: IngressLimits): TypedValue {
  const contentType = readText(headers, "content-type");
  const semicolon = contentType.indexOf(";");
  const written = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim();
  if (semicolon >= 0) checkCharset(contentType.slice(semicolon));
  const named = readText(headers, "statewire-typename");
  const typename = named === "" ? typenameOf(written) : named;
  const typenameFrom = `header ${named === "" ? "content-type" : "statewire-typename"}`;
  const presence = readText(headers, "statewire-value");
  if (presence !== "") checkAbsent(presence, body);
  const form = written === "" && named === "" ? jsonTypename : written.toLowerCase();
  const value = presence === "" ? encodeForm(typename, form, body) : null;
  return validateValue(typename, value, limits, typenameFrom);
}

function checkAbsent(presence: string, body: Buffer): void {
  if (presence === "absent" && body.length === 0) return;
  const message =
    presence === "absent"
      ? `statewire-value is absent, but the body has ${body.length} bytes`
      : `statewire-value ${shown(presence)} is not "absent"`;
  throw new ViolationError("invalid", message);
}

/** The typename of a body when no header names it: its media type, with three exceptions. */
function typenameOf(mediaType: string): string {
  const lower = mediaType.toLowerCase();
  if (lower === "" || lower === jsonTypename) return jsonTypename;
  if (lower === "text/plain") return stringTypename;
  if (lower === formType || lower.startsWith("multipart/")) {
    const message = `content-type ${lower} does not say what the body is: use application/json, text/plain, application/vnd.NAMESPACE/NAME, or the header statewire-typename`;
    throw new ViolationError("invalid", message);
  }
  const isVendor = lower.startsWith(vendorPrefix) && lower.includes("/", vendorPrefix.length);
  return isVendor ? mediaType.slice(vendorPrefix.length) : mediaType;
}

function encodeForm(typename: string, form: string, body: Buffer): Uint8Array {
  if (form === jsonTypename) return encodeJson(typename, body);
  if (!isBuiltInTypename(typename) || (form !== "text/plain" && form !== formType)) return body;
  const text = readUtf8(body);
  const json = typename === stringTypename ? JSON.stringify(text) : text;
  return encodeBuiltIn(typename, json) ?? refuseBuiltIn(typename);
}

function encodeJson(typename: string, body: Buffer): Uint8Array {
  if (body.length === 0) {
    const message =
      "body is empty: expected JSON, or for no value at all the header statewire-value: absent";
    throw new ViolationError("invalid", message);
  }
  const text = readUtf8(body);
  if (isBuiltInTypename(typename)) return encodeBuiltIn(typename, text) ?? refuseBuiltIn(typename);
  try {
    // A typing error would else become a message that fails for good, and parks its address.
    JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ViolationError("invalid", `body is not JSON: ${reason}`);
  }
  return body;
}

function refuseBuiltIn(typename: string): never {
  throw new ViolationError("invalid", `body is not ${describeBuiltIn(typename)}, for ${typename}`);
}

/** Text is UTF-8: what another charset means would have to be guessed at by every function. */
function checkCharset(parameters: string): void {
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(parameters) ?? [];
  if (charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)) return;
  throw new ViolationError(
    "invalid",
    `charset ${short(charset)} is not UTF-8, which text has to be`,
  );
}

function readUtf8(body: Buffer): string {
  if (isUtf8(body)) return body.toString("utf8");
  throw new ViolationError("invalid", `body of ${body.length} bytes is not UTF-8`);
}

function decodePart(part: string): string {
  if (/[^\x21-\x7e]/.test(part)) {
    throw new ViolationError("invalid", "path holds characters that are not percent-encoded");
  }
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ViolationError("invalid", `path: ${shown(part)} is not percent-encoded UTF-8`);
  }
}

/** A wrong traceparent is passed over, as W3C Trace Context asks of headers. */
function readTraceparent(headers: HttpHeaders): string {
  const traceparent = readText(headers, "traceparent");
  return isTraceparent(traceparent) ? traceparent : "";
}
