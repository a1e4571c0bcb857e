import { handlePlaygroundEgress } from "../egress/playground/playground-egress.js";
import type { TopicSink } from "../egress/playground/topic-sink.js";
import {
  handlePlaygroundIngress,
  type PlaygroundIngressOptions,
} from "../ingress/playground-ingress.js";
import { HttpApi } from "./http-api.js";

/** The ports of StateFun's playground that a module declares; null: it does not. */
export interface PlaygroundOptions {
  readonly host: string;
  readonly ingressPort: number | null;
  readonly egressPort: number | null;
  readonly topics: ReadonlyMap<string, TopicSink>;
}

/** The servers of the playground by what they are for: "ingress", "egress". */
export function createPlaygroundServers(
  { host, ingressPort, egressPort, topics }: PlaygroundOptions,
  ingress: PlaygroundIngressOptions,
): ReadonlyMap<string, HttpApi> {
  const servers = new Map<string, HttpApi>();
  if (ingressPort !== null) {
    const server = new HttpApi({
      name: "ingress of the playground",
      listen: { host, port: ingressPort },
      routes: [(request, response) => handlePlaygroundIngress(request, response, ingress)],
    });
    servers.set("ingress", server);
  }
  if (egressPort !== null) {
    const server = new HttpApi({
      name: "egress of the playground",
      listen: { host, port: egressPort },
      routes: [(request, response) => handlePlaygroundEgress(request, response, topics)],
    });
    servers.set("egress", server);
  }
  return servers;
}
