import type * as z from "zod";
import { grpcEndpointSchema } from "./endpoint-schema.js";
import { fileEgressSchema, fileIngressSchema, stdoutEgressSchema } from "./file-schema.js";
import { grpcEgressSchema, httpEgressSchema } from "./http-schema.js";
import type { EgressSpec, EndpointSpec, IngressSpec } from "./module.js";
import type { SchemaContext } from "./schema-context.js";
import type { ConnectorSpec } from "./statefun/connectors.js";
import { httpEndpointV1Schema, httpEndpointV2Schema } from "./statefun/http-endpoint-schema.js";
import { kafkaEgressSchema, kafkaIngressSchema } from "./statefun/kafka-schema.js";
import { kinesisEgressSchema, kinesisIngressSchema } from "./statefun/kinesis-schema.js";
import { playgroundEgressSchema, playgroundIngressSchema } from "./statefun/playground-schema.js";

type Spec = EndpointSpec | IngressSpec | EgressSpec | ConnectorSpec;

/** A component without the place where it is written. */
export type UnplacedSpec = Spec extends infer One
  ? One extends Spec
    ? Omit<One, "source">
    : never
  : never;

/** The kinds that this version knows, each with the schema of its spec. */
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
  "io.statefun.kafka.v1/ingress": kafkaIngressSchema,
  "io.statefun.kafka.v1/egress": kafkaEgressSchema,
  "io.statefun.kinesis.v1/ingress": kinesisIngressSchema,
  "io.statefun.kinesis.v1/egress": kinesisEgressSchema,
};

/** StateFun passes over keys that it does not know. Modules that were written for it must run. */
export function ignoresUnknownKeys(kind: string): boolean {
  return kind.startsWith("io.statefun.");
}

/** The schema of a kind, or undefined when this version does not know it. */
export function schemaOfKind(
  kind: string,
): ((context: SchemaContext) => z.ZodType<UnplacedSpec>) | undefined {
  return Object.hasOwn(schemasByKind, kind) ? schemasByKind[kind as Spec["kind"]] : undefined;
}
