import type { EndpointView, NodeView } from "./node-view.js";

/** Whether the node does its work, and what keeps it from doing so. */
export interface Readiness {
  /** Recovery is done, and every declared endpoint has a server that is ready. */
  readonly ready: boolean;
  readonly recovered: boolean;
  /** In order of declaration. */
  readonly endpoints: readonly EndpointReadiness[];
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
export function readiness(view: Pick<NodeView, "isRecovered" | "endpoints">): Readiness {
  const declared = new Map<string, EndpointView[]>();
  for (const server of view.endpoints()) {
    if (server.endpoint === null) continue;
    const servers = declared.get(server.endpoint);
    if (servers === undefined) declared.set(server.endpoint, [server]);
    else servers.push(server);
  }
  const endpoints = [...declared].map(([endpoint, servers]) => ({
    endpoint,
    ready: servers.some((server) => server.state === "ready"),
    servers: servers.map(({ address, state, reason }) =>
      reason === "" ? { address, state } : { address, state, reason },
    ),
  }));
  const recovered = view.isRecovered();
  return { ready: recovered && endpoints.every(({ ready }) => ready), recovered, endpoints };
}
