import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoDirectory } from "@statewire/protos/directory";
import { protoPath as healthProtoPath } from "grpc-health-check";

const protoFiles = ["ingress", "egress", "admin", "stream"].map(
  (name) => `statewire/v1/${name}.proto`,
);

/** Lets tools such as grpcurl ask which services there are, and what their messages look like. */
export function createReflection(): ReflectionService {
  const definition: PackageDefinition = {
    ...loadSync(protoFiles, { includeDirs: [protoDirectory] }),
    ...loadSync(healthProtoPath),
  };
  return new ReflectionService(definition);
}
