import { ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import { MalformedMessageError, readMessage } from "./protobuf-message.js";
import { ProtocolViolation } from "./protocol-violation.js";

/**
 * Decodes a frame of a function server, of any kind; result-decoder.ts does the frequent ones.
 *
 * @throws ProtocolViolation FRAME-2 when it is no protobuf or a string is not UTF-8, LIMIT-7 when an
 * integer is above 2^53 - 1.
 */
export function decodeServerFrame(frame: Uint8Array): ServerFrame {
  try {
    return readMessage("ServerFrame", frame, ServerFrame.decode);
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    throw new ProtocolViolation(error.kind === "integer" ? "LIMIT-7" : "FRAME-2", error.message);
  }
}
