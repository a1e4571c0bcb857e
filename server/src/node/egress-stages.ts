import type { Logger } from "pino";
import type { EgressAcknowledgedCommand } from "../core/command.js";
import type { Delivery } from "../core/effect.js";
import { SubscriptionSink } from "../egress/grpc/subscription-sink.js";
import { OutboxDrain } from "../egress/outbox-drain.js";
import { TopicSink } from "../egress/playground/topic-sink.js";
import type { Sink } from "../egress/sink.js";
import { createFileSink } from "../egress/sinks/file-sink.js";
import { createHttpSink } from "../egress/sinks/http-sink.js";
import { createStdoutSink } from "../egress/sinks/stdout-sink.js";
import type { EgressSpec, PlaygroundEgressSpec } from "../module/module.js";
import { topicEgressId } from "../module/statefun/playground.js";

export interface EgressParts {
  readonly logger: Logger;
  readonly submit: (command: EgressAcknowledgedCommand) => void;
  readonly onFailure: (error: Error) => void;
  /** What the node's files hold may be of the lineage that it was forked from. */
  readonly isFork: boolean;
  /** Where an egress stands in the node's history. */
  readonly position: (egress: string) => {
    readonly sequence: number;
    readonly position: number;
  };
}

/** The egresses that module.yaml declares. */
export function createEgressStages(specs: readonly EgressSpec[], parts: EgressParts) {
  const { logger, submit, onFailure, position } = parts;
  const subscriptions = new Map<string, SubscriptionSink>();
  const topics = new Map<string, TopicSink>();
  const drains = new Map<string, OutboxDrain>();
  const drain = (egress: string, kind: string, sink: Sink): void => {
    drains.set(egress, new OutboxDrain({ egress, kind, sink, logger, submit, onFailure }));
  };
  for (const spec of specs) {
    if (spec.kind === "io.statefun.playground.v1/egress") {
      for (const topic of spec.topics) {
        const sink = new TopicSink();
        topics.set(topic, sink);
        drain(topicEgressId(topic), spec.kind, sink);
      }
      continue;
    }
    const sink = createSink(spec, parts);
    if (sink instanceof SubscriptionSink) subscriptions.set(spec.id, sink);
    drain(spec.id, spec.kind, sink);
  }
  return {
    /** The egresses that leave by the gRPC service. */
    subscriptions,
    /** The topics of the playground. */
    topics,
    /** @throws Error when a sink cannot be opened; it says what an operator can do. */
    async open(): Promise<void> {
      for (const [egress, drain] of drains) await drain.open(position(egress));
    },
    deliver(deliveries: readonly Delivery[]): void {
      for (const { egress, records } of deliveries) drains.get(egress)?.deliver(records);
    },
    statuses: () => [...drains.values()].map((drain) => drain.status()),
    /** Writes what was delivered, for a time. The rest stays in the outbox for the next run. */
    async close(timeLimitMs: number): Promise<void> {
      await Promise.all([...drains.values()].map((drain) => drain.close(timeLimitMs)));
    },
  };
}

function createSink(spec: Exclude<EgressSpec, PlaygroundEgressSpec>, parts: EgressParts): Sink {
  const { logger, isFork } = parts;
  switch (spec.kind) {
    case "statewire.file.v1/egress":
      return createFileSink(spec, logger, isFork);
    case "statewire.http.v1/egress":
      return createHttpSink({ spec, logger, environment: process.env });
    case "statewire.stdout.v1/egress":
      return createStdoutSink(spec);
    case "statewire.grpc.v1/egress":
      return new SubscriptionSink(spec.id);
  }
}
