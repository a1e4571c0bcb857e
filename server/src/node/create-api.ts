import type { AdminPorts } from "../admin/admin-service.js";
import { Metrics } from "../admin/metrics.js";
import { Api } from "../api/api.js";
import { parseHostPort } from "../api/host-port.js";
import { serverCredentials } from "../codec/grpc-tls.js";
import { findWaiting } from "../core/waiting.js";
import type { SubscriptionSink } from "../egress/grpc/subscription-sink.js";
import type { TopicSink } from "../egress/playground/topic-sink.js";
import type { Module } from "../module/module.js";
import type { Settings } from "../settings.js";
import { explainWaiting } from "./explain-waiting.js";
import { createNodeView, type ViewedParts } from "./running-view.js";

export interface ApiParts extends ViewedParts {
  readonly settings: Settings;
  readonly admin: AdminPorts;
  readonly subscriptions: ReadonlyMap<string, SubscriptionSink>;
  readonly topics: ReadonlyMap<string, TopicSink>;
}

/** What a node shows to the outside, and the metrics that the loop tells of. */
export function createApi(parts: ApiParts): { readonly api: Api; readonly metrics: Metrics } {
  const { settings, requests, dispatcher, machine, subscriptions, counters } = parts;
  const view = createNodeView(parts);
  const metrics = new Metrics(view);
  const http = parseHostPort(settings.http, "http");
  const api = new Api({
    grpc: parseHostPort(settings.grpc, "grpc"),
    http,
    playground: { host: http.host, topics: parts.topics, ...playgroundPorts(parts.module) },
    settings,
    view,
    metrics,
    port: requests,
    admin: parts.admin,
    counters,
    explainWaiting: (address, request) => {
      const waiting = findWaiting(machine.shard, address, {
        request,
        nowMs: parts.clock.nowMs(),
      });
      return waiting === null ? "" : explainWaiting(address, waiting, dispatcher.statuses());
    },
    subscriptions,
    services: [dispatcher.gateway],
    grpcCredentials: serverCredentials(settings),
  });
  return { api, metrics };
}

function playgroundPorts({ ingresses, egresses }: Module) {
  const ingress = ingresses.find((spec) => spec.kind === "io.statefun.playground.v1/ingress");
  const egress = egresses.find((spec) => spec.kind === "io.statefun.playground.v1/egress");
  return { ingressPort: ingress?.port ?? null, egressPort: egress?.port ?? null };
}
