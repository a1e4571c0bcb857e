import type { Logger } from "pino";
import type { Delivery } from "../core/effect.js";
import type { Machine } from "../core/machine.js";
import { SubscriptionSink } from "../egress/grpc/subscription-sink.js";
import type { EpochLoop } from "../loop/epoch-loop.js";
import type { EgressSpec } from "../module/module.js";

export function createEgressStages(
  specs: readonly EgressSpec[],
  parts: { readonly loop: EpochLoop; readonly machine: Machine; readonly logger: Logger },
) {
  const subscriptions = new Map<string, SubscriptionSink>();
  for (const spec of specs) {
    if (spec.kind === "statewire.grpc.v1/egress") {
      subscriptions.set(spec.id, new SubscriptionSink(spec.id));
    }
  }
  void parts;
  return {
    subscriptions,
    start(): void {},
    deliver(_deliveries: readonly Delivery[]): void {},
    async close(_timeLimitMs: number): Promise<void> {},
  };
}
