import { createRequire } from "node:module";
import type {
  MethodDefinition,
  ServerDuplexStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { protoDirectory } from "@statewire/protos/directory";
import { protoPath as healthProtoPath } from "grpc-health-check";
import type { GrpcService } from "./grpc-api.js";
import { loadReflectedFiles } from "./reflected-files.js";

const require = createRequire(import.meta.url);

const protoFiles = ["ingress", "egress", "admin", "stream"].map(
  (name) => `statewire/v1/${name}.proto`,
);

/** Both are in use: older tools know only the second. */
const versions = ["v1", "v1alpha"] as const;
const methodName = "ServerReflectionInfo";

/** A method as the library registers it. */
interface Registered {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handle: (call: ServerDuplexStream<unknown, unknown>) => void;
}

/**
 * Lets tools such as grpcurl ask which services there are, and what their messages look like. The
 * proto files are read when the first tool asks: reading them takes longer than the rest of a start.
 */
export function createReflection(): readonly GrpcService[] {
  let loaded: Map<string, Registered> | null = null;
  const method = (path: string): Registered => {
    loaded ??= loadReflection();
    const registered = loaded.get(path);
    if (registered === undefined) throw new Error(`the reflection library does not serve ${path}`);
    return registered;
  };
  return versions.map((version) => {
    const path = `/grpc.reflection.${version}.ServerReflection/${methodName}`;
    const definition: MethodDefinition<unknown, unknown> = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (value) => method(path).definition.requestSerialize(value),
      requestDeserialize: (bytes) => method(path).definition.requestDeserialize(bytes),
      responseSerialize: (value) => method(path).definition.responseSerialize(value),
      responseDeserialize: (bytes) => method(path).definition.responseDeserialize(bytes),
    };
    return {
      definition: { [methodName]: definition },
      implementation: {
        [methodName]: (call: ServerDuplexStream<unknown, unknown>) => method(path).handle(call),
      },
    };
  });
}

/** The library's methods by path. */
function loadReflection(): Map<string, Registered> {
  const registered = new Map<string, Registered>();
  const { ReflectionService } = require("@grpc/reflection") as typeof import("@grpc/reflection");
  const reflection = new ReflectionService({
    ...loadReflectedFiles(protoFiles, [protoDirectory]),
    ...loadReflectedFiles(healthProtoPath),
  });
  reflection.addToServer({
    addService: (service: ServiceDefinition, implementation: UntypedServiceImplementation) => {
      for (const [name, definition] of Object.entries(service)) {
        const handle = implementation[name] as Registered["handle"];
        registered.set(definition.path, { definition, handle });
      }
    },
  });
  return registered;
}
