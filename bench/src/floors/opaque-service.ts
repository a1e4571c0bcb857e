import type { ServiceDefinition } from "@grpc/grpc-js";

/** Paths and codecs of the methods that carry opaque bytes. */
export const opaqueService = {
  echo: {
    path: "/statewire.bench.Opaque/Echo",
    requestStream: true,
    responseStream: true,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  },
  call: {
    path: "/statewire.bench.Opaque/Call",
    requestStream: false,
    responseStream: false,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  },
} as const satisfies ServiceDefinition;

function pass(bytes: Buffer): Buffer {
  return bytes;
}
