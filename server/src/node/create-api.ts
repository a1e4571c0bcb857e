import type { AdminPorts } from "../admin/admin-service.js";
import { Metrics } from "../admin/metrics.js";
import { Api } from "../api/api.js";
import { parseHostPort } from "../api/host-port.js";
import { findWaiting } from "../core/waiting.js";
import type { SubscriptionSink } from "../egress/grpc/subscription-sink.js";
import { RequestCounters } from "../ingress/request-counters.js";
import type { Settings } from "../settings.js";
import { explainWaiting } from "./explain-waiting.js";
import { createNodeView, type ViewedParts } from "./running-view.js";

export interface ApiParts extends Omit<ViewedParts, "counters"> {
  readonly settings: Settings;
  readonly admin: AdminPorts;
  readonly subscriptions: ReadonlyMap<string, SubscriptionSink>;
}

/** What a node shows to the outside, and the metrics that the loop tells of. */
export function createApi(parts: ApiParts): { readonly api: Api; readonly metrics: Metrics } {
  const { settings, requests, dispatcher, machine, subscriptions } = parts;
  const counters = new RequestCounters();
  const view = createNodeView({ ...parts, counters });
  const metrics = new Metrics(view);
  const api = new Api({
    grpc: parseHostPort(settings.grpc, "grpc"),
    http: parseHostPort(settings.http, "http"),
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
  });
  return { api, metrics };
}
