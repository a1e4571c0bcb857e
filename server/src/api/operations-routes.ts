import type { IncomingMessage, ServerResponse } from "node:http";
import { type Metrics, metricsContentType } from "../admin/metrics.js";
import type { NodeView } from "../admin/node-view.js";
import { readiness } from "../admin/readiness.js";
import { type HttpRoute, respondJson } from "./http-api.js";

type Handler = (response: ServerResponse) => void;

/** /healthz (the process answers), /readyz (the node does its work) and /metrics. */
export function createOperationsRoute(view: NodeView, metrics: Metrics): HttpRoute {
  const handlers = new Map<string, Handler>([
    ["/healthz", (response) => respondJson(response, 200, { status: "ok" })],
    [
      "/readyz",
      (response) => {
        const answer = readiness(view);
        respondJson(response, answer.ready ? 200 : 503, answer);
      },
    ],
    ["/metrics", (response) => void respondMetrics(response, metrics)],
  ]);
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const handler = handlers.get(path);
    if (handler === undefined) return false;
    if (isRead(request)) {
      handler(response);
      return true;
    }
    response.setHeader("allow", "GET, HEAD");
    const message = `method ${request.method} is not GET`;
    respondJson(response, 405, { code: "INVALID_ARGUMENT", message });
    return true;
  };
}

/** node:http leaves the body out when the method is HEAD. */
function isRead({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

async function respondMetrics(response: ServerResponse, metrics: Metrics): Promise<void> {
  const body = Buffer.from(await metrics.text());
  response.setHeader("content-type", metricsContentType);
  response.setHeader("content-length", body.length);
  response.end(body);
}
