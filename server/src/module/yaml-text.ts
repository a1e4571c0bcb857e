import { isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { yamlLengthMax } from "./yaml-document.js";

/** Of the longest text, in the widest characters that are common. */
const bytesMax = 4 * yamlLengthMax;

/**
 * The text of a file, or of whatever else can be read under its name: a pipe, or a device without end.
 *
 * @throws Error of the system, or when it is too long or not UTF-8.
 */
export function readYamlText(path: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null);
    }
    if (length > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
    const text = bytes.subarray(0, length);
    if (!isUtf8(text)) throw new Error("it is not UTF-8");
    return text.toString("utf8");
  } finally {
    closeSync(file);
  }
}
