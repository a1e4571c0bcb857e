import { isUtf8 } from "node:buffer";
import { ViolationError } from "./ingress-codec.js";
import { short, shown } from "./shown-text.js";

/** A request's headers as node:http gives them: names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The headers of our own, and the verb that takes them. */
const ownHeaders: ReadonlyMap<string, "send" | "call" | "both"> = new Map([
  ["statewire-typename", "both"],
  ["statewire-value", "both"],
  // A webhook egress sends it, perhaps to another node.
  ["statewire-record-id", "both"],
  ["statewire-source", "send"],
  ["statewire-sequence", "send"],
  ["statewire-delay", "send"],
  ["statewire-timeout", "call"],
]);

const ownPrefix = "statewire-";

/**
 * A header of ours that does not exist, or is of no use here, is a mistake that would show late: a
 * message that is delivered twice, or at once.
 *
 * @throws ViolationError
 */
export function checkHeaders(headers: HttpHeaders, verb: "send" | "call"): void {
  for (const name in headers) {
    if (!name.startsWith(ownPrefix)) continue;
    const takenBy = ownHeaders.get(name);
    if (takenBy === undefined) {
      const known = [...ownHeaders.keys()].join(", ");
      throw new ViolationError("invalid", `unknown header ${short(name)}; known: ${known}`);
    }
    if (takenBy !== "both" && takenBy !== verb) {
      throw new ViolationError("invalid", `${name} is for ${takenBy}, not for ${verb}`);
    }
  }
  const encoding = readText(headers, "content-encoding");
  if (encoding !== "" && encoding.toLowerCase() !== "identity") {
    const message = `content-encoding ${short(encoding)} is not taken: send the body as it is`;
    throw new ViolationError("invalid", message);
  }
}

/**
 * Undefined when the header is missing. `expected` says what it holds, for people.
 *
 * @throws ViolationError when it is no integer from 0.
 */
export function readInteger(
  headers: HttpHeaders,
  name: string,
  expected: string,
): number | undefined {
  const text = readText(headers, name);
  if (text === "") return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new ViolationError("invalid", `${name} ${shown(text)} is not ${expected}`);
}

/**
 * Empty when the header is missing. node:http reads header bytes as latin1; they are UTF-8.
 *
 * @throws ViolationError when they are not.
 */
export function readText(headers: HttpHeaders, name: string): string {
  const header = headers[name];
  if (typeof header !== "string") return "";
  if (!/[\x80-\xff]/.test(header)) return header;
  const bytes = Buffer.from(header, "latin1");
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new ViolationError("invalid", `header ${name} is not UTF-8`);
}
