import { createRequire } from "node:module";
import type { DescriptorProto } from "@bufbuild/protobuf/wkt";
import type { PackageDefinition } from "@grpc/proto-loader";

const require = createRequire(import.meta.url);

/**
 * Reads proto files for reflection: field names as they are written, and map fields as tools check
 * them. The loader names a map's implicit entry message "Statuses"; protobuf says "StatusesEntry".
 */
export function loadReflectedFiles(
  files: string | string[],
  includeDirs: string[] = [],
): PackageDefinition {
  // Loaded when a tool asks, as what repairs a file.
  const { loadSync } = require("@grpc/proto-loader") as typeof import("@grpc/proto-loader");
  const definitions = loadSync(files, { includeDirs, keepCase: true });
  const repaired = new Map<Buffer, Buffer>();
  for (const definition of Object.values(definitions)) {
    // A service is a definition too: its properties are its methods.
    const { fileDescriptorProtos } = definition;
    if (!Array.isArray(fileDescriptorProtos)) continue;
    definition.fileDescriptorProtos = fileDescriptorProtos.map((bytes) => {
      const file = repaired.get(bytes) ?? repairFile(bytes);
      repaired.set(bytes, file);
      return file;
    });
  }
  return definitions;
}

type Protobuf = typeof import("@bufbuild/protobuf");
type WellKnownTypes = typeof import("@bufbuild/protobuf/wkt");

function repairFile(bytes: Buffer): Buffer {
  const { fromBinary, toBinary } = require("@bufbuild/protobuf") as Protobuf;
  const { FileDescriptorProtoSchema } = require("@bufbuild/protobuf/wkt") as WellKnownTypes;
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  for (const message of file.messageType) repairMessage(message);
  return Buffer.from(toBinary(FileDescriptorProtoSchema, file));
}

function repairMessage(message: DescriptorProto): void {
  for (const nested of message.nestedType) {
    repairMessage(nested);
    if (nested.options?.mapEntry !== true || nested.name.endsWith("Entry")) continue;
    const former = nested.name;
    nested.name = `${former.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase())}Entry`;
    for (const field of message.field) {
      if (field.typeName === former || field.typeName.endsWith(`.${former}`)) {
        field.typeName = field.typeName.slice(0, -former.length) + nested.name;
      }
    }
  }
}
