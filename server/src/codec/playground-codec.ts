import { isUtf8 } from "node:buffer";
import type { TypedValue } from "../core/typed-value.js";
import { type HttpHeaders, readText } from "./http-headers.js";
import {
  type IngressLimits,
  type SendValues,
  ViolationError,
  validateTarget,
  validateValue,
} from "./ingress-codec.js";
import { shown } from "./shown-text.js";

const stringTypename = "io.statefun.types/string";
const recordTypename = "io.statefun.playground/EgressRecord";
const payloadTypename = "text/plain";
const vendorPrefix = "application/vnd.";

/**
 * Makes a send of a request to the playground's ingress, as StateFun does: the path is
 * /NAMESPACE/TYPE/ID, the typename what follows "application/vnd." in the content type, else that of a
 * string, and the value the body as it is. A string's body is not made one of StateFun's strings.
 *
 * @throws ViolationError when the path names no address, or the value is too large.
 */
export function decodePlaygroundSend(
  url: string,
  headers: HttpHeaders,
  body: Uint8Array,
  limits: IngressLimits,
): SendValues {
  const target = parsePath(url, limits);
  const [mediaType = ""] = readText(headers, "content-type").split(";");
  const isVendor = mediaType.toLowerCase().startsWith(vendorPrefix);
  const typename = isVendor ? mediaType.slice(vendorPrefix.length).trim() : stringTypename;
  return {
    ...target,
    message: validateValue(typename, body, limits, "header content-type"),
    traceparent: "",
    delayMs: 0,
    once: null,
  };
}

function parsePath(url: string, limits: IngressLimits): { typeName: string; id: string } {
  const segments = pathOf(url).split("/").slice(1);
  const [namespace = "", type = "", id = ""] = segments.map(decodeSegment);
  if (segments.length !== 3) {
    throw new ViolationError("invalid", `path ${shown(pathOf(url))} is not /NAMESPACE/TYPE/ID`);
  }
  return validateTarget({ namespace, type, id }, limits);
}

/** The topic that a request's path names. @throws ViolationError when it is no topic's name. */
export function parseTopicPath(url: string): string {
  return decodeSegment(pathOf(url).slice(1));
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "";
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ViolationError("invalid", `path: ${shown(segment)} is not percent-encoded UTF-8`);
  }
}

/** A record for the playground's egress, taken apart. */
export interface PlaygroundRecord {
  readonly topic: string;
  /** Text in UTF-8. */
  readonly payload: TypedValue;
}

/** Reads a record, JSON of {"topic","payload"}, or says what is wrong with it. */
export function decodePlaygroundRecord({ typename, value }: TypedValue): PlaygroundRecord | string {
  if (typename !== recordTypename) return `typename ${typename}, expected ${recordTypename}`;
  const { topic, payload } = readObject(value ?? new Uint8Array(0));
  if (typeof topic !== "string" || payload === undefined || typeof payload === "object") {
    return 'expected JSON of {"topic","payload"}, both of them text';
  }
  return { topic, payload: { typename: payloadTypename, value: Buffer.from(String(payload)) } };
}

function readObject(bytes: Uint8Array): { readonly topic?: unknown; readonly payload?: unknown } {
  if (!isUtf8(bytes)) return {};
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
