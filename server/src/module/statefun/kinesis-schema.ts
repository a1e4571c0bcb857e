import * as z from "zod";
import { componentId, describeValue, field, object, text, wholeNumber } from "../field.js";
import {
  checkNames,
  clientProperties,
  date,
  routingShape,
  typeOnly,
  unknownType,
} from "./connector-field.js";
import type {
  AwsCredentials,
  AwsRegion,
  KinesisEgressSpec,
  KinesisIngressSpec,
} from "./connectors.js";

const region = z
  .discriminatedUnion(
    "type",
    [
      typeOnly("default"),
      object({ type: z.literal("specific"), id: text("the name of a region") }),
      object({
        type: z.literal("custom-endpoint"),
        endpoint: text("the URL of the service"),
        id: text("the name of a region"),
      }),
    ],
    unknownType("default", "specific", "custom-endpoint"),
  )
  .default({ type: "default" });

const secret = field(
  "a text",
  (value) => (typeof value === "string" && value !== "" ? value : undefined),
  {
    secret: true,
  },
);

const credentials = z
  .discriminatedUnion(
    "type",
    [
      typeOnly("default"),
      object({ type: z.literal("basic"), accessKeyId: secret, secretAccessKey: secret }),
      object({
        type: z.literal("profile"),
        profileName: text("the name of a profile"),
        profilePath: text("the path of a file").optional(),
      }),
    ],
    unknownType("default", "basic", "profile"),
  )
  .default({ type: "default" });

const startupPosition = z
  .discriminatedUnion(
    "type",
    [typeOnly("latest"), typeOnly("earliest"), object({ type: z.literal("date"), date })],
    unknownType("latest", "earliest", "date"),
  )
  .default({ type: "latest" });

const streams = z
  .array(object({ stream: text("the name of a stream"), ...routingShape }), {
    error: ({ input }) =>
      `${describeValue(input)}: expected a list of {stream, valueType, targets}`,
  })
  .superRefine((list, context) =>
    checkNames(
      "stream",
      list.map(({ stream }) => stream),
      context,
    ),
  )
  .transform((list) => list.map(({ stream: name, ...routing }) => ({ name, ...routing })));

/** The schema of an io.statefun.kinesis.v1/ingress spec. */
export function kinesisIngressSchema(): z.ZodType<Omit<KinesisIngressSpec, "source">> {
  return object({
    id: componentId,
    awsRegion: region,
    awsCredentials: credentials,
    startupPosition,
    streams,
    clientConfigProperties: clientProperties,
  }).transform((spec) => ({
    kind: "io.statefun.kinesis.v1/ingress" as const,
    id: spec.id,
    awsRegion: toRegion(spec.awsRegion),
    awsCredentials: toCredentials(spec.awsCredentials),
    startupPosition:
      spec.startupPosition.type === "date"
        ? { kind: spec.startupPosition.type, dateMs: spec.startupPosition.date }
        : { kind: spec.startupPosition.type },
    streams: spec.streams,
    properties: spec.clientConfigProperties,
  }));
}

/** The schema of an io.statefun.kinesis.v1/egress spec. */
export function kinesisEgressSchema(): z.ZodType<Omit<KinesisEgressSpec, "source">> {
  return object({
    id: componentId,
    awsRegion: region,
    awsCredentials: credentials,
    maxOutstandingRecords: wholeNumber({ min: 1, max: 2 ** 31 - 1 }).default(1000),
    clientConfigProperties: clientProperties,
  }).transform((spec) => ({
    kind: "io.statefun.kinesis.v1/egress" as const,
    id: spec.id,
    awsRegion: toRegion(spec.awsRegion),
    awsCredentials: toCredentials(spec.awsCredentials),
    maxOutstandingRecords: spec.maxOutstandingRecords,
    properties: spec.clientConfigProperties,
  }));
}

function toRegion({ type: kind, ...rest }: z.infer<typeof region>): AwsRegion {
  return { kind, ...rest } as AwsRegion;
}

function toCredentials(written: z.infer<typeof credentials>): AwsCredentials {
  if (written.type !== "profile") {
    const { type: kind, ...rest } = written;
    return { kind, ...rest } as AwsCredentials;
  }
  const { profileName, profilePath = null } = written;
  return { kind: written.type, profileName, profilePath };
}
