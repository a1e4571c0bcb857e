import type { EgressView, EndpointView, IngressView, NodeView } from "./node-view.js";

/** Whether the node does its work, and what keeps it from doing so. */
export interface Readiness {
  /**
   * Recovery is done, and every declared endpoint has a server that is ready: requests are served.
   * An ingress or egress that has failed is shown, and does not count: it keeps no request from
   * being served, and a node that nobody sends requests to any more would not mend it.
   */
  readonly ready: boolean;
  readonly recovered: boolean;
  /** In order of declaration. */
  readonly endpoints: readonly EndpointReadiness[];
  readonly ingresses: readonly StageReadiness[];
  readonly egresses: readonly StageReadiness[];
}

/** An ingress or egress of the module. */
export interface StageReadiness {
  readonly name: string;
  readonly state: string;
  /** Absent when there is nothing to say. */
  readonly reason?: string;
}

export interface EndpointReadiness {
  readonly endpoint: string;
  readonly ready: boolean;
  readonly servers: readonly {
    readonly address: string;
    readonly state: string;
    /** Absent when the server is ready. */
    readonly reason?: string;
  }[];
}

/** Looks now. Servers that dialled in by themselves do not count: nothing says that they must. */
export function readiness(
  view: Pick<NodeView, "isRecovered" | "endpoints" | "ingresses" | "egresses">,
): Readiness {
  const endpoints = endpointsOf(view.endpoints());
  const recovered = view.isRecovered();
  return {
    ready: recovered && endpoints.every(({ ready }) => ready),
    recovered,
    endpoints,
    ingresses: view.ingresses().map(toStage),
    egresses: view.egresses().map(toStage),
  };
}

function endpointsOf(servers: readonly EndpointView[]): readonly EndpointReadiness[] {
  const declared = new Map<string, EndpointView[]>();
  for (const server of servers) {
    if (server.endpoint === null) continue;
    const others = declared.get(server.endpoint);
    if (others === undefined) declared.set(server.endpoint, [server]);
    else others.push(server);
  }
  return [...declared].map(([endpoint, ofEndpoint]) => ({
    endpoint,
    ready: ofEndpoint.some((server) => server.state === "ready"),
    servers: ofEndpoint.map(({ address, state, reason }) =>
      reason === "" ? { address, state } : { address, state, reason },
    ),
  }));
}

function toStage({ name, state, reason }: IngressView | EgressView): StageReadiness {
  return reason === "" ? { name, state } : { name, state, reason };
}
