import * as z from "zod";
import {
  componentId,
  describeValue,
  duration,
  field,
  object,
  oneOf,
  text,
  wholeNumber,
} from "../field.js";
import {
  checkNames,
  clientProperties,
  date,
  entriesOf,
  routingShape,
  typeOnly,
  unknownType,
} from "./connector-field.js";
import type { KafkaEgressSpec, KafkaIngressSpec, PartitionOffset } from "./connectors.js";

const address = text('"host:port", several with commas between them');

/** "topic/partition: offset"; a topic's name holds no slash. */
const partitionOffset = field(
  'an object such as {"topic/0": 91}',
  (value): PartitionOffset | undefined => {
    const entries = entriesOf(value);
    const [key = "", offset] = entries[0] ?? [];
    const match = /^([^/]+)\/(\d{1,9})$/.exec(key);
    if (match === null || entries.length > 1 || !Number.isSafeInteger(offset)) return undefined;
    return { topic: match[1] ?? "", partition: Number(match[2]), offset: offset as number };
  },
);

const startupPosition = z
  .discriminatedUnion(
    "type",
    [
      typeOnly("group-offsets"),
      typeOnly("earliest"),
      typeOnly("latest"),
      object({ type: z.literal("specific-offsets"), offsets: z.array(partitionOffset) }),
      object({ type: z.literal("date"), date }),
    ],
    unknownType("group-offsets", "earliest", "latest", "specific-offsets", "date"),
  )
  .default({ type: "latest" });

const topics = z
  .array(object({ topic: text("the name of a topic"), ...routingShape }), {
    error: ({ input }) => `${describeValue(input)}: expected a list of {topic, valueType, targets}`,
  })
  .superRefine((list, context) =>
    checkNames(
      "topic",
      list.map(({ topic }) => topic),
      context,
    ),
  )
  .transform((list) => list.map(({ topic: name, ...routing }) => ({ name, ...routing })));

/** The schema of an io.statefun.kafka.v1/ingress spec. */
export function kafkaIngressSchema(): z.ZodType<Omit<KafkaIngressSpec, "source">> {
  return object({
    id: componentId,
    address: address.optional(),
    consumerGroupId: text("the name of a consumer group").optional(),
    topics,
    startupPosition,
    autoOffsetResetPosition: oneOf("latest", "earliest").default("latest"),
    properties: clientProperties,
  }).transform(({ startupPosition: position, ...spec }) => ({
    kind: "io.statefun.kafka.v1/ingress" as const,
    ...spec,
    address: spec.address ?? null,
    consumerGroupId: spec.consumerGroupId ?? null,
    startupPosition: toStartupPosition(position),
  }));
}

function toStartupPosition(
  position: z.infer<typeof startupPosition>,
): KafkaIngressSpec["startupPosition"] {
  switch (position.type) {
    case "specific-offsets":
      return { kind: position.type, offsets: position.offsets };
    case "date":
      return { kind: position.type, dateMs: position.date };
    default:
      return { kind: position.type };
  }
}

const dayMs = 86_400_000;

const exactlyOnce = object({
  type: z.literal("exactly-once"),
  transactionTimeout: duration(30 * dayMs).optional(),
  /** The older form, which counts when both are there. */
  transactionTimeoutMillis: wholeNumber({ min: 1, max: 30 * dayMs }).optional(),
}).superRefine((written, context) => {
  if ((written.transactionTimeoutMillis ?? written.transactionTimeout) !== undefined) return;
  const message = "is missing: expected a duration, with type exactly-once";
  context.addIssue({ code: "custom", message, path: ["transactionTimeout"] });
});

const deliverySemantic = z
  .discriminatedUnion(
    "type",
    [typeOnly("none"), typeOnly("at-least-once"), exactlyOnce],
    unknownType("none", "at-least-once", "exactly-once"),
  )
  .default({ type: "at-least-once" });

/** The schema of an io.statefun.kafka.v1/egress spec. */
export function kafkaEgressSchema(): z.ZodType<Omit<KafkaEgressSpec, "source">> {
  return object({
    id: componentId,
    address: address.optional(),
    deliverySemantic,
    properties: clientProperties,
  }).transform(({ deliverySemantic: semantic, ...spec }) => ({
    kind: "io.statefun.kafka.v1/egress" as const,
    ...spec,
    address: spec.address ?? null,
    deliverySemantic:
      semantic.type === "exactly-once"
        ? {
            kind: semantic.type,
            transactionTimeoutMs:
              semantic.transactionTimeoutMillis ?? semantic.transactionTimeout ?? 0,
          }
        : { kind: semantic.type },
  }));
}
