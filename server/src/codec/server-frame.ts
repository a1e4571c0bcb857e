import { BinaryReader } from "@bufbuild/protobuf/wire";
import { ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "./protocol-violation.js";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How generated code says that an integer is above 2^53 - 1. */
const tooLarge = /MAX_SAFE_INTEGER/;

/**
 * Decodes a frame of a function server, of any kind; result-decoder.ts does the frequent ones.
 *
 * @throws ProtocolViolation FRAME-2 when it is no protobuf or a string is not UTF-8, LIMIT-7 when an
 * integer is above 2^53 - 1.
 */
export function decodeServerFrame(frame: Uint8Array): ServerFrame {
  try {
    return ServerFrame.decode(new BinaryReader(frame, (bytes) => strict.decode(bytes)));
  } catch (error) {
    const { message } = error as Error;
    throw new ProtocolViolation(tooLarge.test(message) ? "LIMIT-7" : "FRAME-2", message);
  }
}
