import {
  FunctionGatewayService,
  FunctionServerService,
} from "@statewire/protos/statewire/v1/stream.js";

/*
 * Frames pass gRPC as bytes and are decoded behind it: a frame that does not decode is answered with
 * the clause that it broke, where gRPC would tear the stream.
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
