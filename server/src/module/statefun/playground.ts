import type { EgressSpec } from "../module.js";

/** What an ingress of the playground is called: a module has one at most, and does not name it. */
export const playgroundIngressId = "io.statefun.playground/ingress";
/** What functions send records for every topic to. */
export const playgroundEgressId = "io.statefun.playground/egress";

/** Each topic is an egress of its own in the node: one that nobody reads holds up no other. */
export function topicEgressId(topic: string): string {
  return `${playgroundEgressId}/${topic}`;
}

/** What the node calls the egresses of a component. */
export function egressIdsOf(spec: EgressSpec): readonly string[] {
  return spec.kind === "io.statefun.playground.v1/egress"
    ? spec.topics.map(topicEgressId)
    : [spec.id];
}
