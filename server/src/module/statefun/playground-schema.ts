import type * as z from "zod";
import { field, object, oneOrMore, wholeNumber } from "../field.js";
import type { PlaygroundEgressSpec, PlaygroundIngressSpec } from "../module.js";
import { playgroundEgressId, playgroundIngressId } from "./playground.js";

/** With what stands before it, a topic's name is a key of the store. */
const topicBytesMax = 200;

const port = wholeNumber({ min: 0, max: 65_535 });

const topic = field(`the name of a topic, of 1 to ${topicBytesMax} bytes`, (value) =>
  typeof value === "string" && value !== "" && Buffer.byteLength(value) <= topicBytesMax
    ? value
    : undefined,
);

/** The schema of an io.statefun.playground.v1/ingress spec. */
export function playgroundIngressSchema(): z.ZodType<Omit<PlaygroundIngressSpec, "source">> {
  return object({ port }).transform((spec) => ({
    kind: "io.statefun.playground.v1/ingress" as const,
    id: playgroundIngressId,
    port: spec.port,
  }));
}

/** The schema of an io.statefun.playground.v1/egress spec. */
export function playgroundEgressSchema(): z.ZodType<Omit<PlaygroundEgressSpec, "source">> {
  return object({ port, topics: oneOrMore(topic) }).transform((spec) => ({
    kind: "io.statefun.playground.v1/egress" as const,
    id: playgroundEgressId,
    port: spec.port,
    topics: spec.topics,
    waitFor: "local" as const,
  }));
}
