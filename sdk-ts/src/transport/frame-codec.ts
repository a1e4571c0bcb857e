import {
  FunctionGatewayService,
  FunctionServerService,
  RuntimeFrame,
  ServerFrame,
} from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "../session/protocol-violation.js";

/*
 * Frames pass gRPC as bytes and are decoded here: a frame that does not decode is answered with the
 * clause that it broke, where gRPC would tear the stream.
 */

function pass(frame: Buffer): Buffer {
  return frame;
}

const rawFrames = {
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
} as const;

/** FunctionServer with frames as bytes. */
export const functionServerService = {
  discover: FunctionServerService.discover,
  connect: { ...FunctionServerService.connect, ...rawFrames },
} as const;

/** FunctionGateway with frames as bytes. */
export const functionGatewayService = {
  attach: { ...FunctionGatewayService.attach, ...rawFrames },
} as const;

/**
 * Decodes what the runtime sent.
 *
 * @throws ProtocolViolation FRAME-2 or LIMIT-7 when the bytes are not a frame.
 */
export function decodeRuntimeFrame(bytes: Buffer): RuntimeFrame {
  try {
    return RuntimeFrame.decode(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // The generated decoder reports integers beyond 2^53 - 1 in these words.
    const clause = reason.includes("MAX_SAFE_INTEGER") ? "LIMIT-7" : "FRAME-2";
    throw new ProtocolViolation(clause, `${bytes.length} bytes are not a RuntimeFrame: ${reason}`);
  }
}

/** Encodes what is sent to the runtime. */
export function encodeServerFrame(frame: ServerFrame): Buffer {
  const bytes = ServerFrame.encode(frame).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
