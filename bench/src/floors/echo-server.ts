import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import {
  FunctionServerService,
  type RuntimeFrame,
  type ServerFrame,
} from "@statewire/protos/statewire/v1/stream.js";
import { serveCommands } from "../process/command-server.js";
import { type FrameShape, resultFrame } from "./frames.js";
import { opaqueService } from "./opaque-service.js";

/**
 * The server half of the bare gRPC floors: answers frames of invocations with frames of results,
 * opaque bytes with as many opaque bytes as a frame of results has, and unary calls with their
 * argument. No SDK, no user code, no flow control of ours.
 */

export const echoServerCommands = { listen };
export type EchoServerCommands = typeof echoServerCommands;

/** Listens on a port of the kernel's choice, and returns it. */
function listen(options: {
  readonly shape: FrameShape;
  readonly opaqueResponseBytes: number;
}): Promise<number> {
  const server = new Server();
  const connect: handleBidiStreamingCall<RuntimeFrame, ServerFrame> = (call) => {
    call.on("data", (frame: RuntimeFrame) => call.write(resultFrame(options.shape, frame)));
    call.on("end", () => call.end());
  };
  server.addService(FunctionServerService, { connect });
  const response = Buffer.alloc(options.opaqueResponseBytes, 1);
  const echo: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    call.on("data", () => call.write(response));
    call.on("end", () => call.end());
  };
  const call: handleUnaryCall<Buffer, Buffer> = (unary, callback) => callback(null, unary.request);
  server.addService(opaqueService, { echo, call });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

serveCommands(echoServerCommands);
