import type { z } from "zod";
import { grpcEndpointSchema } from "./endpoint-schema.js";
import { fileEgressSchema, fileIngressSchema, stdoutEgressSchema } from "./file-schema.js";
import { grpcEgressSchema, httpEgressSchema } from "./http-schema.js";
import type { EgressSpec, EndpointSpec, IngressSpec } from "./module.js";
import type { SchemaContext } from "./schema-context.js";
import { httpEndpointV1Schema, httpEndpointV2Schema } from "./statefun/http-endpoint-schema.js";
import { playgroundEgressSchema, playgroundIngressSchema } from "./statefun/playground-schema.js";

type Spec = EndpointSpec | IngressSpec | EgressSpec;

/** A component without the place where it is written. */
export type UnplacedSpec = Spec extends infer One
  ? One extends Spec
    ? Omit<One, "source">
    : never
  : never;

/** The kinds that this version runs, each with the schema of its spec. */
export const schemasByKind: Readonly<
  Record<Spec["kind"], (context: SchemaContext) => z.ZodType<UnplacedSpec>>
> = {
  "statewire.endpoints.v1/grpc": grpcEndpointSchema,
  "io.statefun.endpoints.v1/http": httpEndpointV1Schema,
  "io.statefun.endpoints.v2/http": httpEndpointV2Schema,
  "statewire.file.v1/ingress": fileIngressSchema,
  "statewire.file.v1/egress": fileEgressSchema,
  "statewire.http.v1/egress": httpEgressSchema,
  "statewire.stdout.v1/egress": stdoutEgressSchema,
  "statewire.grpc.v1/egress": grpcEgressSchema,
  "io.statefun.playground.v1/ingress": playgroundIngressSchema,
  "io.statefun.playground.v1/egress": playgroundEgressSchema,
};

/** StateFun passes over keys that it does not know. Modules that were written for it must run. */
export function ignoresUnknownKeys(kind: string): boolean {
  return kind.startsWith("io.statefun.");
}

/** StateFun's kinds, which this version knows by name only. */
export const statefunKinds: readonly string[] = [
  "io.statefun.kafka.v1/ingress",
  "io.statefun.kafka.v1/egress",
  "io.statefun.kinesis.v1/ingress",
  "io.statefun.kinesis.v1/egress",
];

/** The schema of a kind, or undefined when this version does not run it. */
export function schemaOfKind(
  kind: string,
): ((context: SchemaContext) => z.ZodType<UnplacedSpec>) | undefined {
  return Object.hasOwn(schemasByKind, kind) ? schemasByKind[kind as Spec["kind"]] : undefined;
}
