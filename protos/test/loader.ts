import {
  loadSync,
  type MessageTypeDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from "@grpc/proto-loader";
import { protoDirectory } from "../src/directory.js";

/** Loads proto files as the tools do, with the field names of the files. */
export function loadProtos(paths: readonly string[]): PackageDefinition {
  return loadSync([...paths], {
    includeDirs: [protoDirectory],
    keepCase: true,
    longs: Number,
    enums: String,
    bytes: String,
  });
}

/** A message type by its full name. Throws when there is none. */
export function findMessage(
  definitions: PackageDefinition,
  name: string,
): MessageTypeDefinition<object, object> {
  const found = definitions[name];
  if (found === undefined || !("type" in found)) {
    throw new Error(`no message ${name} in the proto files`);
  }
  return found as MessageTypeDefinition<object, object>;
}

/** A service by its full name. Throws when there is none. */
export function findService(definitions: PackageDefinition, name: string): ServiceDefinition {
  const found = definitions[name];
  if (found === undefined || "format" in found) {
    throw new Error(`no service ${name} in the proto files`);
  }
  return found;
}
