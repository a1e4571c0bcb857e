import { createRequire } from "node:module";
import { protoDirectory } from "@statewire/protos/directory";
import { type AddToServer, type GrpcService, lazyService } from "@statewire/protos/lazy-service";
import { loadReflectedFiles } from "./reflected-files.js";

const require = createRequire(import.meta.url);

const protoFiles = ["ingress", "egress", "admin", "stream"].map(
  (name) => `statewire/v1/${name}.proto`,
);

/** Both are in use: older tools know only the second. */
const versions = ["v1", "v1alpha"] as const;
const name = "ServerReflectionInfo";

/**
 * Lets tools such as grpcurl ask which services there are, and what their messages look like. The
 * proto files are read when the first tool asks.
 */
export function createReflection(): readonly GrpcService[] {
  let library: AddToServer | null = null;
  const load = (): AddToServer => {
    library ??= loadReflection();
    return library;
  };
  return versions.map((version) => {
    const path = `/grpc.reflection.${version}.ServerReflection/${name}`;
    return lazyService([{ name, path, requestStream: true, responseStream: true }], load);
  });
}

function loadReflection(): AddToServer {
  const { ReflectionService } = require("@grpc/reflection") as typeof import("@grpc/reflection");
  const { protoPath } = require("grpc-health-check") as typeof import("grpc-health-check");
  const reflection = new ReflectionService({
    ...loadReflectedFiles(protoFiles, [protoDirectory]),
    ...loadReflectedFiles(protoPath),
  });
  return (server) => reflection.addToServer(server);
}
