/** One function server, or the attempt to reach it. */
export interface EndpointStatus {
  /** Names the declaration in module.yaml; null: the server dialled in. */
  readonly endpoint: string | null;
  /** The address that is dialled, or the peer of a server that dialled in. */
  readonly address: string;
  readonly state: "connecting" | "ready" | "draining" | "backing-off" | "rejected";
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
  /** Name and version; empty while not known. */
  readonly sdk: string;
  /** "namespace/type" or "namespace/*", as served here. */
  readonly functions: readonly string[];
  /** The session; 0 while there is none. */
  readonly session: number;
}
