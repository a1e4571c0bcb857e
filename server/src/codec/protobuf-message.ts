import { isUtf8 } from "node:buffer";
import { BinaryReader } from "@bufbuild/protobuf/wire";

/** Bytes are not the message that they should be. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
  /** What is wrong: a text that is not UTF-8, an integer above 2^53 - 1, or anything else. */
  readonly kind: "text" | "integer" | "bytes";

  constructor(kind: MalformedMessageError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

class NotUtf8Error extends Error {}

/**
 * Reads a message with generated code, strictly. That code puts U+FFFD in the place of wrong bytes by
 * itself; two different wrong ids would become one address.
 *
 * @param name Of the message, for errors.
 * @throws MalformedMessageError that names the text that is not UTF-8, or the byte where it ends.
 */
export function readMessage<T>(
  name: string,
  bytes: Uint8Array,
  read: (reader: BinaryReader) => T,
): T {
  const reader = new BinaryReader(bytes, strictText);
  try {
    const message = read(reader);
    // Generated code stops at a tag that cannot be, and takes what it has for the whole.
    if (reader.pos !== bytes.length) throw new Error("a tag that cannot be");
    return message;
  } catch (error) {
    if (error instanceof NotUtf8Error) {
      throw new MalformedMessageError("text", `${findWrongText(bytes, read)} is not UTF-8`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    const isInteger = reason.includes("SAFE_INTEGER");
    const what = isInteger ? "an integer beyond 2^53 - 1" : reason;
    const message = `bytes are not a ${name}: ${what}, at byte ${Math.min(reader.pos, bytes.length)} of ${bytes.length}`;
    throw new MalformedMessageError(isInteger ? "integer" : "bytes", message);
  }
}

function strictText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString("utf8");
  if (text.includes("\ufffd") && !isUtf8(buffer)) throw new NotUtf8Error();
  return text;
}

/** Not a text that bytes could stand for: a lone surrogate has no UTF-8. */
const mark = "\ud800";

/** Where the first wrong text is: "target.id". Reads again, only to say so. */
function findWrongText<T>(bytes: Uint8Array, read: (reader: BinaryReader) => T): string {
  try {
    const message = read(new BinaryReader(bytes, (text) => (isUtf8(text) ? "" : mark)));
    return pathOfMark(message) ?? "a text";
  } catch {
    // What follows is wrong as well.
    return "a text";
  }
}

function pathOfMark(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${key}]` : key;
    if (member === mark) return step;
    const rest = pathOfMark(member);
    if (rest !== undefined) return rest.startsWith("[") ? `${step}${rest}` : `${step}.${rest}`;
  }
  return undefined;
}
