import { isUtf8 } from "node:buffer";
import type { TypedValue } from "../core/typed-value.js";
import { formatBuiltIn } from "./built-in-value.js";

/** A typed value as the body of an HTTP response. */
export interface HttpReply {
  readonly contentType: string;
  readonly body: Buffer;
  /** For the header statewire-typename. */
  readonly typename: string;
  /** The value is absent, not empty: the header statewire-value says so. */
  readonly isAbsent: boolean;
}

const json = "application/json";
const plainText = "text/plain; charset=utf-8";
const stringTypename = "io.statefun.types/string";
const bytesType = "application/octet-stream";
const empty = Buffer.alloc(0);

/**
 * Shows a reply in the form that the request's Accept header asks for: a built-in type as JSON, or as
 * text when it names text and no JSON; JSON under another typename when it names JSON. All else is
 * bytes.
 */
export function encodeHttpReply(reply: TypedValue, accept: string | undefined): HttpReply {
  const typename = toHeaderText(reply.typename);
  if (reply.value === null) {
    return { contentType: bytesType, body: empty, typename, isAbsent: true };
  }
  const { buffer, byteOffset, length } = reply.value;
  const body = Buffer.from(buffer, byteOffset, length);
  const preference = preferenceOf(accept);
  const text = preference === "none" ? undefined : formatBuiltIn(reply.typename, body);
  if (text !== undefined) {
    const isText = preference === "text";
    const shown = isText && reply.typename === stringTypename ? JSON.parse(text) : text;
    const contentType = isText ? plainText : json;
    return { contentType, body: Buffer.from(shown), typename, isAbsent: false };
  }
  const contentType = contentTypeOf(reply.typename, body, preference);
  return { contentType, body, typename, isAbsent: false };
}

function contentTypeOf(typename: string, body: Buffer, preference: Preference): string {
  // A typename that is a media type, as bodies without a typename get it.
  if (/^(?:application|audio|font|image|model|text|video)\/[\w.+-]+$/.test(typename)) {
    return typename;
  }
  return preference === "named" && isJson(body) ? json : bytesType;
}

/** Whether the client names JSON, admits it with others, wants text, or neither. */
type Preference = "none" | "text" | "admitted" | "named";

function preferenceOf(accept: string | undefined): Preference {
  if (accept === undefined || accept === "" || accept === "*/*") return "admitted";
  let preference: Preference = "none";
  for (const range of accept.toLowerCase().split(",")) {
    const [mediaType = "", ...parameters] = range.split(";").map((part) => part.trim());
    if (parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))) continue;
    if (mediaType === json) return "named";
    if (mediaType === "text/plain") preference = "text";
    else if (preference === "none" && isWide(mediaType)) preference = "admitted";
  }
  return preference;
}

function isWide(mediaType: string): boolean {
  return mediaType === "*/*" || mediaType === "application/*";
}

function isJson(body: Buffer): boolean {
  if (!isUtf8(body)) return false;
  try {
    JSON.parse(body.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

/** Headers carry bytes, written as latin1; control characters cannot be in one. */
function toHeaderText(text: string): string {
  if (!/[^\x20-\x7e]/.test(text)) return text;
  return Buffer.from(text.replace(/\p{Cc}/gu, "?")).toString("latin1");
}
