import type { MethodDefinition } from "@grpc/grpc-js";
import { type AnyDefinition, loadSync } from "@grpc/proto-loader";
import { protoDirectory } from "@statewire/protos/directory";

/**
 * A protobuf message as a plain object: the field names of the proto files, enums by name, bytes as
 * Buffer. A field that is not set is not there; a present, empty one is.
 */
export type Fields = { readonly [name: string]: unknown };

/**
 * The proto files as the kit reads them: at run time, by another protobuf implementation than the
 * one of the runtime and of its SDK, so that an error of one is not repeated by the other.
 */
const definitions: { readonly [name: string]: AnyDefinition } = loadSync(
  ["stream", "ingress", "egress", "admin"].map((file) => `statewire/v1/${file}.proto`),
  {
    includeDirs: [protoDirectory],
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: false,
  },
);

type Method = MethodDefinition<object, object>;

/** @throws Error when the proto files have no such method. */
export function methodOf(service: string, method: string): Method {
  const definition = definitions[`statewire.v1.${service}`];
  const found =
    definition === undefined || "format" in definition
      ? undefined
      : (definition as { readonly [name: string]: Method })[method];
  if (found === undefined) throw new Error(`the proto files have no method ${service}.${method}`);
  return found;
}

/** One direction of the stream: bytes to fields and back. */
export interface FrameCodec {
  encode(frame: Fields): Buffer;
  /** @throws Error when the bytes are no such message. */
  decode(bytes: Buffer): Fields;
}

const connect: Method = methodOf("FunctionServer", "Connect");

/** What a runtime sends. */
export const runtimeFrame: FrameCodec = {
  encode: (frame) => connect.requestSerialize(frame),
  decode: (bytes) => connect.requestDeserialize(bytes) as Fields,
};

/** What a function server sends. */
export const serverFrame: FrameCodec = {
  encode: (frame) => connect.responseSerialize(frame),
  decode: (bytes) => connect.responseDeserialize(bytes) as Fields,
};

/** A method whose messages stay bytes: what is malformed can be sent, and seen, too. */
export function rawMethod(service: string, method: string): MethodDefinition<Buffer, Buffer> {
  const { path, requestStream, responseStream } = methodOf(service, method);
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (bytes) => bytes,
    responseDeserialize: (bytes) => bytes,
  };
}
